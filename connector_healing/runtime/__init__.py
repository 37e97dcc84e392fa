"""What a connector uses while it runs: recorder, adaptive rate limiter, retrying session. No dagster."""
