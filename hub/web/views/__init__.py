"""What people see of the page: who rings now, the visits, and the house."""
