"""CUDA C written by hand, for what builds, reads and runs it."""

from __future__ import annotations

SAXPY = """\
extern "C" __global__ void saxpy(const float* __restrict__ x, float* __restrict__ y) {
  __shared__ float part[256];
  part[threadIdx.x] = x[blockIdx.x * 256 + threadIdx.x] * 2.0f;  //@3
  __syncthreads();
  y[blockIdx.x * 256 + threadIdx.x] += part[255 - threadIdx.x];  //@5
}
"""

TWO_KERNELS = """\
extern "C" __global__ void first(float* x) { x[threadIdx.x] = 1.0f; }
extern "C" __global__ void second(float* x, int n) {
  float local[64];
  for (int i = 0; i < 64; ++i) local[int(x[i]) & 63] = i;
  x[threadIdx.x] = local[n & 63];
}
"""

FRAGMENTS = """\
#include <mma.h>
#include <cuda_bf16.h>
#include <cuda_pipeline.h>
using namespace nvcuda;
extern "C" __global__ void product(const half* a, const half* b, float* c) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> x;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> y;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> z;
  wmma::fill_fragment(z, 0.0f);
  wmma::load_matrix_sync(x, a, 16);
  wmma::load_matrix_sync(y, b, 16);
  wmma::mma_sync(z, x, y, z);  //@9
  wmma::store_matrix_sync(c, z, 16, wmma::mem_row_major);
}
"""
