"""Notification services and the phones behind them."""
