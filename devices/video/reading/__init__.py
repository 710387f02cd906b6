"""Reading what cameras send: connections, JPEGs without order, and time stamps."""
