"""What goes over a connection: publications, subscriptions, acknowledgements and refusals."""
