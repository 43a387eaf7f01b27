"""The service's commands: `serve`, and `enforce` that it runs beside itself."""
