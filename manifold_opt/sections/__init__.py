"""Sections of the group over a space, and the retractions that move them (paper v4, sections 2 and 4)."""
from manifold_opt.sections.cayley import Cayley, CayleyFactor
from manifold_opt.sections.derivative import cayley_derivative
from manifold_opt.sections.geodesic import Geodesic
from manifold_opt.sections.group_step import GroupStep
from manifold_opt.sections.reflector import ReflectorSection, dense_reflector
from manifold_opt.sections.retraction import Retraction, RetractionError
from manifold_opt.sections.retractions import RETRACTIONS, get_retraction
from manifold_opt.sections.section import GlobalSection
from manifold_opt.sections.translation import TranslationSection
from manifold_opt.sections.transported import TransportedSection

__all__ = ["RETRACTIONS", "Cayley", "CayleyFactor", "Geodesic", "GlobalSection", "GroupStep",
           "ReflectorSection", "Retraction", "RetractionError", "TranslationSection", "TransportedSection",
           "cayley_derivative", "dense_reflector", "get_retraction"]
