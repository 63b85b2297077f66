"""Scripts that need the extra ``benchmark`` are not collected as tests."""
collect_ignore = ["contenders.py", "measure.py", "scaling.py", "table.py"]
