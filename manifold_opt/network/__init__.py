"""The transformer of the paper's numerical example (v4, section 5), with gradients written by hand."""
from manifold_opt.network.attention import MultiHeadAttention
from manifold_opt.network.blocks import Blocks
from manifold_opt.network.classification import Classification, one_hot
from manifold_opt.network.feed_forward import FeedForward
from manifold_opt.network.fused_attention import FusedAttention
from manifold_opt.network.layer import Layer
from manifold_opt.network.layout import columns, group_size, rows
from manifold_opt.network.losses import CrossEntropy, Loss, RelativeLoss, loss_function
from manifold_opt.network.patches import patches
from manifold_opt.network.softmax import softmax, softmax_backward
from manifold_opt.network.transformer import ForwardCache, VisionTransformer
from manifold_opt.network.workspace import Buffers, Workspace

__all__ = ["Blocks", "Buffers", "Classification", "CrossEntropy", "FeedForward", "ForwardCache", "FusedAttention",
           "Layer", "Loss", "MultiHeadAttention", "RelativeLoss", "VisionTransformer", "Workspace", "columns",
           "group_size", "loss_function", "one_hot", "patches", "rows", "softmax", "softmax_backward"]
