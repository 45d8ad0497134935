"""The dashboard at `/` and `/w/<world>/`, and Swagger UI at `/docs`: files, with nothing behind them but the APIs."""
