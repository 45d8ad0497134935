"""Files of the dashboard at `/` and Swagger UI at `/docs`, both below `/w/<world>` too; behind them only the APIs."""
