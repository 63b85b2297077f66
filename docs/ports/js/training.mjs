// Training of the transformer: weights with a section on Stiefel manifolds, the others in vector spaces, one t for all.
import { add, transpose, zeros } from "./matrices.mjs";
import { Space, step } from "./manifold.mjs";
import { backward, forward, lossAndGradient } from "./transformer.mjs";

// Nested lists of matrices, entry by entry.
const map = (f, nested, ...others) => (Array.isArray(nested)
  ? nested.map((part, k) => map(f, part, ...others.map((other) => other[k]))) : f(nested, ...others));
const each = (f, params, ...others) => Object.fromEntries(Object.entries(params).map(
  ([name, nested]) => [name, map(f, nested, ...others.map((other) => other[name]))]));

// Sums over samples of the gradients, in the form of params.
export const batchGradient = (params, x, target, loss, skip) => {
  const caches = x.map((sample) => forward(params, transpose(sample), skip));
  const { value, dLogits } = lossAndGradient(loss, caches.map(({ y }) => y), target.map(transpose));
  const grads = caches.map((cache, k) => backward(params, cache, dLogits[k], skip));
  return { value, grads: grads.reduce((sum, one) => each(add, sum, one)) };
};

// params and sections: lists over blocks (and heads); sections of query, key and value only.
export const training = (words, params, sections, x, target) => {
  const start = (space, Lambda, n, rows) => ({ space, Lambda, B1_A: zeros(n, n), B2_A: zeros(n, n),
    B1_B: zeros(rows, n), B2_B: zeros(rows, n) });
  const vectors = Object.fromEntries(Object.entries(params).filter(([name]) => !sections[name]));
  let states = { ...each((W) => ({ ...start(new Space("euclidean", W.rows, W.cols), W, 0, 0),
    B1_B: zeros(W.rows, W.cols), B2_B: zeros(W.rows, W.cols) }), vectors),
  ...each((Lambda, W) => start(new Space("stiefel", W.rows, W.cols), Lambda, W.cols, W.rows - W.cols),
    sections, params) };
  const [losses, history] = [[], []];
  for (let t = 1; ; t++) {
    const weights = each((state) => state.space.point(state.Lambda), states);
    const { value, grads } = batchGradient(weights, x, target, words.loss, words.skip === 1);
    losses.push(value);
    if (t > 1) history.push(weights);
    if (t > words.steps) return { losses, history };
    states = each((state, dL) => {
      const after = step(state.space, words, { ...state, dL }, t);
      return Object.fromEntries(Object.entries(state).map(([name, X]) => [name, after[`${name}_new`] ?? X]));
    }, states, grads);
  }
};
