"""The resource that this service owns."""
