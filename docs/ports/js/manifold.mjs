// The optimizer on manifolds: spaces, methods, one step.
import { add, columns, each, exponential, eye, make, multiply, norm, scale, solve, subtract, total,
  transpose, zeros }
  from "./matrices.mjs";

// ---- the spaces: adjoint, columns of the point, gradient, lift, retraction ------------------------------------------
export class Space {
  constructor(kind, N, n) {
    this.symplectic = kind.startsWith("symplectic");
    this.grassmann = kind.endsWith("grassmann");
    this.euclidean = kind === "euclidean";
    const inFrame = (j) => (this.symplectic ? j % (N / 2) < n / 2 : j < n);
    const all = Array.from({ length: N }, (_, j) => j);
    this.frame = all.filter(inFrame);
    this.complement = all.filter((j) => !inFrame(j));
  }

  adjoint(M) { // M^T, or J^T M^T J: halves exchanged, signs + and - by halves
    if (!this.symplectic) return transpose(M);
    const [p, q] = [M.rows / 2, M.cols / 2];
    return make(M.cols, M.rows, (i, j) => ((i < q) === (j < p) ? 1 : -1)
      * M.at(j < p ? j + p : j - p, i < q ? i + q : i - q));
  }

  point(Lambda) { return this.euclidean ? Lambda : columns(Lambda, this.frame); }

  // Y completed by columns of the projection I - Y Y^T, always the longest that is left (spaces of O(N)).
  globalSection(Y) {
    if (this.euclidean) return Y;
    const defect = norm(subtract(multiply(transpose(Y), Y), eye(Y.cols)));
    if (!(defect < 1e-5)) throw new RangeError(`Y must satisfy Y^T Y = I: defect ${defect}`);
    let P = subtract(eye(Y.rows), multiply(Y, transpose(Y)));
    const vectors = this.complement.map(() => {
      P = multiply(P, P);
      const lengths = this.complement.concat(this.frame).map((j) => [norm(columns(P, [j])), j]);
      const [length, j] = lengths.reduce((x, y) => (y[0] > x[0] ? y : x));
      const V = scale(1 / length, columns(P, [j]));
      P = subtract(P, multiply(V, transpose(V), P));
      return V;
    });
    return make(Y.rows, Y.rows, (i, j) => (j < Y.cols ? Y.at(i, j) : vectors[j - Y.cols].at(i, 0)));
  }

  restore(Lambda) { // one Newton-Schulz step
    return scale(0.5, multiply(Lambda, subtract(scale(3, eye(Lambda.rows)), multiply(this.adjoint(Lambda), Lambda))));
  }

  // Projection, dense lift and metric on the spaces of O(N) and vector spaces.
  projectTangent(Y, Z) {
    if (this.euclidean) return Z;
    const a = multiply(transpose(Y), Z);
    return subtract(Z, multiply(Y, this.grassmann ? a : scale(0.5, add(a, transpose(a)))));
  }

  horizontalLift(Y, Delta) {
    if (this.euclidean) return Delta;
    const half = this.grassmann ? Delta : subtract(Delta, scale(0.5, multiply(Y, transpose(Y), Delta)));
    return subtract(multiply(half, transpose(Y)), multiply(Y, transpose(half)));
  }

  metric(Y, Delta1, Delta2) {
    const products = each((x, y) => x * y, this.horizontalLift(Y, Delta1), this.horizontalLift(Y, Delta2));
    return total(products) / (this.euclidean ? 1 : 2);
  }

  fullGradient(Y, dL) {
    const X = multiply(dL, transpose(Y));
    return multiply(subtract(X, this.adjoint(X)), Y);
  }

  gradient(Y, dL) {
    if (this.euclidean) return dL;
    const grad = this.fullGradient(Y, dL);
    return this.grassmann ? subtract(grad, multiply(Y, this.adjoint(Y), grad)) : grad;
  }

  lift(Lambda, Delta) {
    if (this.euclidean) return { A: zeros(0, 0), B: Delta };
    const [Y, rest] = [columns(Lambda, this.frame), columns(Lambda, this.complement)];
    const A = multiply(this.adjoint(Y), Delta);
    return { A: this.grassmann ? zeros(A.rows, A.cols) : scale(0.5, subtract(A, this.adjoint(A))),
      B: multiply(this.adjoint(rest), Delta) };
  }

  liftGradient(Lambda, dL) {
    return this.lift(Lambda, this.euclidean ? dL : this.fullGradient(this.point(Lambda), dL));
  }

  retract(retraction, A, B) {
    if (this.euclidean) return B;
    const [N, C] = [this.frame.length + this.complement.length, this.adjoint(B)];
    const W = make(N, N, (i, j) => {
      const [r, c] = [this.frame.indexOf(i), this.frame.indexOf(j)];
      if (c >= 0) return r >= 0 ? A.at(r, c) : B.at(this.complement.indexOf(i), c);
      return r >= 0 ? -C.at(r, this.complement.indexOf(j)) : 0;
    });
    if (retraction === "geodesic") return exponential(W);
    return solve(subtract(eye(N), scale(0.5, W)), add(eye(N), scale(0.5, W)));
  }

  move(Lambda, R) { return this.euclidean ? add(Lambda, R) : multiply(Lambda, R); }
}

// ---- the methods, on A and B entry by entry, and the step -----------------------------------------------------------
export const update = (method, hyper, before, t) => {
  const rate = hyper.learning_rate
    ?? hyper.eta1 * (hyper.eta2 / hyper.eta1) ** (Math.min(t - 1, hyper.steps - 1) / (hyper.steps - 1));
  const after = {};
  for (const block of ["A", "B"]) {
    const G = before[block];
    const average = (rho, old, value) => each(
      (m, g) => ((rho - rho ** t) * m + (1 - rho) * g) / (1 - rho ** t), old, value);
    if (method === "gradient") after[`W_${block}`] = scale(-rate, G);
    else if (method === "momentum") {
      const m = after[`B1_${block}_new`] = add(scale(hyper.alpha, before[`B1_${block}`]), G);
      after[`W_${block}`] = scale(-rate, m);
    } else {
      const m = after[`B1_${block}_new`] = average(hyper.rho1, before[`B1_${block}`], G);
      const v = after[`B2_${block}_new`] = average(hyper.rho2, before[`B2_${block}`], each((g) => g * g, G));
      after[`W_${block}`] = each((b, s) => -rate * b / (Math.sqrt(s) + hyper.delta), m, v);
    }
  }
  return after;
};
export const step = (space, p, before, t) => {
  const { A, B } = space.liftGradient(before.Lambda, before.dL);
  const after = update(p.method, p.hyper, { ...before, A, B }, t);
  const R = space.retract(p.retraction, after.W_A, after.W_B);
  const Lambda = space.move(before.Lambda, R);
  return { ...after, A, B, R, Lambda_new: Lambda, Y_new: space.point(Lambda),
    grad: space.gradient(space.point(before.Lambda), before.dL) };
};
