"""Every identity of the paper, measured in units of eps; gradient checks; the order of retractions."""
from manifold_opt.report import Report
from manifold_opt.verify.confirmation import confirm, confirm_differs
from manifold_opt.verify.gradient_check import check_gradient
from manifold_opt.verify.identity import IDENTITIES, Bound, Identity, identity, register
from manifold_opt.verify.report import IdentityReport, Record
from manifold_opt.verify.retraction_check import check_retraction
from manifold_opt.verify.run import evaluate, run
from manifold_opt.verify.slopes import Slope, fit_slope, taylor_slope
from manifold_opt.verify.trial import NotCovered, Trial

__all__ = ["IDENTITIES", "Bound", "Identity", "IdentityReport", "NotCovered", "Record", "Report", "Slope", "Trial",
           "check_gradient", "check_retraction", "confirm", "confirm_differs", "evaluate", "fit_slope", "identity",
           "register", "run", "taylor_slope"]
