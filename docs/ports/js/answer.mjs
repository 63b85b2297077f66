// Answers the questions of the oracle.
//     python -m manifold_opt oracle check --command "node answer.mjs"
// calls node answer.mjs QUESTIONS.npz ANSWERS.npz
// JavaScript computes in double precision; the answers to float32 cases are rounded when they are written.
import { readFileSync } from "node:fs";
import process from "node:process";
import { each, make, multiply, subtract, total, transpose, zeros } from "./matrices.mjs";
import { Space, step, update } from "./manifold.mjs";
import { readNpz, writeNpy, writeNpz } from "./npz.mjs";
import { batchGradient, training } from "./training.mjs";
import { forward } from "./transformer.mjs";

const trajectory = (space, words, a) => {
  const state = { ...a };
  for (const name of ["B1", "B2"]) {
    state[`${name}_A`] = zeros(space.frame.length, space.frame.length);
    state[`${name}_B`] = zeros(space.complement.length, space.frame.length);
  }
  const losses = [];
  for (let t = 1; ; t++) {
    const Y = space.point(state.Lambda);
    if (words.problem === "procrustes") {
      const residual = subtract(multiply(a.P, Y), a.Q);
      state.dL = multiply(transpose(a.P), residual);
      losses.push(total(each((x) => x * x / 2, residual)));
    } else {
      const MY = multiply(a.M, Y);
      state.dL = make(Y.rows, Y.cols, (i, j) => 2 * MY.at(i, j) * (a.D ? a.D.at(0, j) : 1));
      losses.push(total(each((y, d) => y * d / 2, Y, state.dL)));
    }
    if (t > words.steps) return { losses: { a: losses, shape: [t] }, Y_last: Y };
    const after = step(space, words, state, t);
    for (const name of Object.keys(state)) state[name] = after[`${name}_new`] ?? state[name];
  }
};
const transformer = (operation, words, arrays) => {
  const skip = words.skip === 1;
  const nested = ({ shape, data }, axes) => { // lists of matrices over the leading axes
    const size = shape.slice(axes).reduce((x, y) => x * y, 1);
    const part = (depth, place) => (depth === axes ? matrix(shape.slice(axes), data.subarray(place * size))
      : Array.from({ length: shape[depth] }, (_, k) => part(depth + 1, place * shape[depth] + k)));
    return part(0, 0);
  };
  const params = { classifier: nested(arrays.classifier, 0) };
  for (const name of ["query", "key", "value"]) params[name] = nested(arrays[`blocks.${name}`], 2);
  for (const name of ["weight", "bias"]) params[name] = nested(arrays[`blocks.${name}`], 1);
  const [batch, tokens, width] = arrays.x.shape;
  const [blocks, heads] = arrays["blocks.query"].shape;
  const flat = (value) => (Array.isArray(value) ? value.flatMap(flat) : Array.from(value.a));
  if (operation === "transformer_forward") {
    const caches = nested(arrays.x, 1).map((x) => forward(params, transpose(x), skip));
    const all = (pick) => flat(params.weight.map((_, block) => caches.map((cache) => pick(cache.blocks[block]))));
    const perHead = (letter, ...shape) => ({ shape: [blocks, batch, heads, ...shape],
      a: all((block) => block.heads.map((head) => head[letter])) });
    const perSample = (name) => ({ shape: [batch, params.classifier.rows],
      a: flat(caches.map((cache) => cache[name])) });
    return { queries: perHead("Q", width / heads, tokens), keys: perHead("K", width / heads, tokens),
      values: perHead("V", width / heads, tokens), probabilities: perHead("P", tokens, tokens),
      attention: { shape: [blocks, batch, width, tokens], a: all((block) => block.Y) },
      activations: { shape: [blocks, batch, width, tokens], a: all((block) => block.A) },
      logits: perSample("logits"), y: perSample("y") };
  }
  const [x, target] = [nested(arrays.x, 1), nested(arrays.target, 1)];
  const collected = (format, pick) => Object.fromEntries(Object.entries(arrays)
    .filter(([name]) => name.startsWith("blocks.") || name === "classifier")
    .map(([name, { shape }]) => [format(name), pick(name.replace("blocks.", ""), shape)]));
  if (operation === "transformer_gradient") {
    const { value, grads } = batchGradient(params, x, target, words.loss, skip);
    return { loss: { shape: [], a: [value] },
      ...collected((name) => `d_${name}`, (name, shape) => ({ shape, a: flat(grads[name]) })) };
  }
  const sections = {};
  for (const name of ["query", "key", "value"]) sections[name] = nested(arrays[`Lambda.blocks.${name}`], 2);
  const { losses, history } = training(words, params, sections, x, target);
  return { losses: { shape: [words.steps + 1], a: losses }, ...collected((name) => `${name}_after`,
    (name, shape) => ({ shape: [words.steps, ...shape], a: flat(history.map((weights) => weights[name])) })) };
};

// The answers by name; none to a question that this port does not know, "refused" to one without an answer.
const answer = (operation, words, a, t) => {
  if (operation === "update") return update(words.method, words.hyper, a, t);
  if (!words.space || operation.endsWith("_stack")) return {};
  const like = a.Y ?? a.dL ?? a.Delta ?? (a.W_B && { rows: a.W_A.rows + a.W_B.rows, cols: a.W_B.cols }) ?? a.Lambda;
  if (!like) return {};
  const space = new Space(words.space, like.rows, like.cols);
  const unknown = space.symplectic ? {} : null; // what this port does not know on these spaces
  switch (operation) {
    case "global_section": return unknown ?? { Lambda: space.globalSection(a.Y) };
    case "riemannian_gradient": return { grad: space.gradient(a.Y, a.dL) };
    case "lift": return space.lift(a.Lambda, a.Delta);
    case "lift_gradient": return space.liftGradient(a.Lambda, a.dL);
    case "restore": return { restored: space.restore(a.Lambda) };
    case "project_tangent": return unknown ?? { projection: space.projectTangent(a.Y, a.Z) };
    case "horizontal_lift": return unknown ?? { Omega: space.horizontalLift(a.Y, a.Delta) };
    case "metric": return unknown ?? { metric: { shape: [], a: [space.metric(a.Y, a.Delta1, a.Delta2)] } };
    case "retract": return { R: space.retract(words.retraction, a.W_A, a.W_B) };
    case "move": return { Lambda_new: space.move(a.Lambda, space.retract(words.retraction, a.W_A, a.W_B)) };
    case "step": return step(space, words, a, t);
    case "trajectory": return trajectory(space, words, a);
    default: return {};
  }
};
const refusing = (function_) => {
  try {
    return function_();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { refused: { shape: [], a: [1] } };
  }
};
const matrix = (shape, data) => {
  const [rows, cols] = [shape.length > 1 ? shape[0] : 1, shape.length > 0 ? shape.at(-1) : 1];
  return make(rows, cols, (i, j) => data[i * cols + j]);
};
const readWords = (fields) => {
  const words = { hyper: {} };
  for (const [, name, text] of fields.map((field) => field.match(/^([^=]*)=(.*)$/))) {
    const value = Number.isNaN(Number(text)) ? text : Number(text);
    if (name.startsWith("hyper.")) words.hyper[name.slice(6)] = value;
    else words[name] = value;
  }
  return words;
};

const [asked, answered] = process.argv.slice(2);
const questions = readNpz(asked);
const members = [];
for (const line of readFileSync(asked.replace(/npz$/, "tsv"), "utf8").split("\n").filter(Boolean)) {
  const [id, operation, length, dtype, ...fields] = line.split("\t");
  const [words, path, steps] = [readWords(fields), `${id}/${operation}/`, Number(length)];
  const arrays = {};
  for (const [name, array] of questions) if (name.startsWith(path)) arrays[name.slice(path.length)] = array;
  const collected = {};
  for (let k = 0; k < Math.max(steps, 1); k++) {
    let answers;
    if (operation.startsWith("transformer") || operation === "training") answers = transformer(operation, words, arrays);
    else {
      const a = {};
      for (const [name, { shape, data }] of Object.entries(arrays)) if (name !== "t")
        a[name] = matrix(shape.slice(Math.min(steps, 1)), data.subarray(k * data.length / Math.max(steps, 1)));
      answers = refusing(() => answer(operation, words, a, arrays.t && Number(arrays.t.data[k])));
    }
    for (const [name, X] of Object.entries(answers)) {
      collected[name] ??= { shape: [...(steps ? [steps] : []), ...(X.shape ?? [X.rows, X.cols])], data: [] };
      collected[name].data.push(...X.a);
    }
  }
  for (const [name, { shape, data }] of Object.entries(collected))
    members.push([`${path}${name}.npy`, writeNpy(dtype === "float64" ? "<f8" : "<f4", shape, data)]);
}
writeNpz(answered, members);
