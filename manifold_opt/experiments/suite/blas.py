"""The threads and the kernels of the BLAS library, where threadpoolctl can tell."""
from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

__all__ = ["blas_kernels", "one_blas_thread"]


def one_blas_thread() -> AbstractContextManager[object]:
    """One BLAS thread where threadpoolctl is installed; otherwise as many as the environment says."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return threadpool_limits(1)  # type: ignore[no-any-return]


def blas_kernels() -> str:
    """The processor that the BLAS library has chosen its kernels for, on which the last bits depend."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "BLAS kernels unknown"
    found = sorted({str(library["architecture"]) for library in threadpool_info() if "architecture" in library})
    return f"BLAS kernels for {', '.join(found)}" if found else "BLAS kernels unknown"
