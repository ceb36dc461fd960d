"""The whole flow with one thing going wrong."""
