"""The oracle: reference cases that other implementations can replay, and the runner that says where they depart."""
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.export import export
from manifold_opt.oracle.format import copy, list_cases, load_cases
from manifold_opt.oracle.numpy_backend import NumpyBackend
from manifold_opt.oracle.report import BackendReport, Result
from manifold_opt.oracle.runner import check, check_case, check_command, judge, load_backend
from manifold_opt.oracle.testing import assert_agrees, parametrize
from manifold_opt.report import Report

__all__ = ["BackendReport", "Case", "NumpyBackend", "Report", "Result", "assert_agrees", "check", "check_case",
           "check_command", "copy", "export", "judge", "list_cases", "load_backend", "load_cases", "parametrize"]
