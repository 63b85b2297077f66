"""The paper's numerical example (v4, section 5): data, training, records, and the main job that shows its figure."""
from manifold_opt.experiments.checkpoint import load_checkpoint, save_checkpoint
from manifold_opt.experiments.data import EMBEDDED, ImageData, Samples, load_images
from manifold_opt.experiments.figures import draw_curves, save_figure
from manifold_opt.experiments.files import write_arrays, write_json, write_whole
from manifold_opt.experiments.idx import read_idx
from manifold_opt.experiments.job import Job
from manifold_opt.experiments.records import Record, versions
from manifold_opt.experiments.report import table
from manifold_opt.experiments.rivals import RIVALS, Rival
from manifold_opt.experiments.run import train_run
from manifold_opt.experiments.settings import PAPER_CURVES, SPACES, Settings, paper_curves
from manifold_opt.experiments.shares import Share, Shares, load_shares, write_shares
from manifold_opt.experiments.training import DivergedError, Progress, Training

__all__ = ["DivergedError", "EMBEDDED", "ImageData", "Job", "PAPER_CURVES", "Progress", "RIVALS", "Record", "Rival",
           "SPACES", "Samples", "Settings", "Share", "Shares", "Training", "draw_curves", "load_checkpoint",
           "load_images", "load_shares", "paper_curves", "read_idx", "save_checkpoint", "save_figure", "table",
           "train_run", "versions", "write_arrays", "write_json", "write_shares", "write_whole"]
