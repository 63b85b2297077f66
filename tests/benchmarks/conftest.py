"""Scripts that need the extra ``benchmark`` are not collected as tests."""
collect_ignore = ["contenders.py", "epoch.py", "measure.py", "network_scaling.py", "network_table.py", "scaling.py",
                  "table.py", "torch_transformer.py"]
