"""How a notification reaches the phones, each as its service allows."""
