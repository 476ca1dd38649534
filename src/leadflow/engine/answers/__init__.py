"""What a flow tells without writing: lists, reasons, forecasts, replays."""
