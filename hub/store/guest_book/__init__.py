"""The tables of the guest book: how events become visits, and how visits are looked up."""
