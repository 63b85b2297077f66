// The transformer, forward and backward, one sample after the other; tokens are columns.
import { add, columns, each, make, multiply, norm, scale, subtract, transpose, zeros } from "./matrices.mjs";

const sum = (length, term) => Array.from({ length }, (_, k) => term(k)).reduce((x, y) => x + y, 0);
const softmax = (S) => { // of every column
  const E = each((s, j) => Math.exp(s - j), S, make(S.rows, S.cols,
    (_, j) => Math.max(...Array.from({ length: S.rows }, (__, i) => S.at(i, j)))));
  return make(S.rows, S.cols, (i, j) => E.at(i, j) / sum(S.rows, (k) => E.at(k, j)));
};
const softmaxBackward = (P, dP) => make(P.rows, P.cols,
  (i, j) => P.at(i, j) * (dP.at(i, j) - sum(P.rows, (k) => P.at(k, j) * dP.at(k, j))));
const stack = (parts) => make(parts.length * parts[0].rows, parts[0].cols,
  (i, j) => parts[Math.floor(i / parts[0].rows)].at(i % parts[0].rows, j));
const rows = (X, first, count) => make(count, X.cols, (i, j) => X.at(first + i, j));

// params: query, key, value [block][head], weight, bias [block], classifier; Z: one sample (width, tokens).
export const forward = (params, Z, skip) => {
  const blocks = params.weight.map((weight, block) => {
    const heads = params.query[block].map((query, h) => {
      const [Q, K, V] = [query, params.key[block][h], params.value[block][h]].map((W) => multiply(transpose(W), Z));
      const P = softmax(scale(1 / Math.sqrt(Z.rows), multiply(transpose(K), Q)));
      return { Q, K, V, P };
    });
    const attention = stack(heads.map(({ V, P }) => multiply(V, P)));
    const Y = skip ? add(attention, Z) : attention;
    const U = multiply(weight, Y);
    const A = make(U.rows, U.cols, (i, j) => Math.tanh(U.at(i, j) + params.bias[block].a[i]));
    const cache = { Z, heads, Y, A };
    Z = add(Y, A);
    return cache;
  });
  const last = columns(Z, [Z.cols - 1]);
  const logits = multiply(params.classifier, last);
  return { blocks, tokens: Z.cols, last, logits, y: softmax(logits) };
};

// Loss of the batch and its derivative in the logits of every sample; targets are columns.
export const lossAndGradient = (loss, y, target) => {
  if (loss === "cross_entropy") {
    return { value: -sum(y.length, (k) => target[k].a.reduce((s, t, i) => s + (t ? t * Math.log(y[k].a[i]) : 0), 0))
      / y.length, dLogits: y.map((Y, k) => scale(1 / y.length, subtract(Y, target[k]))) };
  }
  const [difference, size] = [stack(y.map((Y, k) => subtract(Y, target[k]))), norm(stack(target))];
  const factor = 1 / (norm(difference) * size);
  return { value: norm(difference) / size,
    dLogits: y.map((Y, k) => softmaxBackward(Y, scale(factor, subtract(Y, target[k])))) };
};

// Gradients of one sample, in the form of params.
export const backward = (params, cache, dLogits, skip) => {
  const grads = { query: [], key: [], value: [], weight: [], bias: [],
    classifier: multiply(dLogits, transpose(cache.last)) };
  const dLast = multiply(transpose(params.classifier), dLogits);
  let dZ = make(dLast.rows, cache.tokens, (i, j) => (j === cache.tokens - 1 ? dLast.at(i, 0) : 0));
  for (let block = cache.blocks.length - 1; block >= 0; block--) {
    const { Z, heads, Y, A } = cache.blocks[block];
    const dU = each((d, a) => d * (1 - a * a), dZ, A);
    grads.weight[block] = multiply(dU, transpose(Y));
    grads.bias[block] = make(1, dU.rows, (_, i) => sum(dU.cols, (j) => dU.at(i, j)));
    const dY = add(dZ, multiply(transpose(params.weight[block]), dU));
    dZ = skip ? dY : zeros(Z.rows, Z.cols);
    for (const name of ["query", "key", "value"]) grads[name][block] = [];
    heads.forEach(({ Q, K, V, P }, h) => {
      const dO = rows(dY, h * V.rows, V.rows);
      const dS = scale(1 / Math.sqrt(Z.rows), softmaxBackward(P, multiply(transpose(V), dO)));
      const parts = { query: multiply(K, dS), key: multiply(Q, transpose(dS)), value: multiply(dO, transpose(P)) };
      for (const [name, D] of Object.entries(parts)) {
        grads[name][block][h] = multiply(Z, transpose(D));
        dZ = add(dZ, multiply(params[name][block][h], D));
      }
    });
  }
  return grads;
};
