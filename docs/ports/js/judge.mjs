// A judge of answers, and its own trial by the oracle's self-test:
//     node judge.mjs CASES ANSWERS.npz        verdicts of all answers; exit code 1 if one departs or fails
//     node judge.mjs CASES                    the self-test of CASES; exit code 1 if a verdict is not the one expected
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { columns, eye, make, multiply, norm, subtract, transpose } from "./matrices.mjs";
import { Space } from "./manifold.mjs";
import { readNpz } from "./npz.mjs";

const [folder, answersFile] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
if (manifest.schema !== 2) throw new Error(`schema must be 2: got ${manifest.schema}`);
const cases = {};
for (const group of Object.values(manifest.groups)) {
  const archive = readNpz(join(folder, group.file));
  for (const [id, entry] of Object.entries(group.cases)) {
    const arrays = Object.fromEntries(Object.keys(entry.arrays).map((name) => [name, archive.get(`${id}/${name}`)]));
    cases[id] = { ...entry, stored: arrays };
  }
}

const EPS = { float64: 2 ** -52, float32: 2 ** -23 };
const size = (shape) => shape.reduce((x, y) => x * y, 1);
const part = ({ shape, data }, k) => ({ shape: shape.slice(1),
  data: data.subarray(k * size(shape.slice(1)), (k + 1) * size(shape.slice(1))) });
const matrix = ({ shape, data }) => make(shape[0], shape[1], (i, j) => data[i * shape[1] + j]);
// A complex matrix, given by its parts a and b, as the real matrix [[a, -b], [b, a]].
const real = (a, b) => {
  const [rows, cols] = a.shape;
  return { shape: [2 * rows, 2 * cols], data: Float64Array.from({ length: 4 * rows * cols }, (_, k) => {
    const [i, j] = [Math.floor(k / (2 * cols)), k % (2 * cols)];
    const place = (i % rows) * cols + (j % cols);
    return i < rows === j < cols ? a.data[place] : (i < rows ? -1 : 1) * b.data[place];
  }) };
};
const plain = (X) => ({ shape: [X.rows, X.cols], data: X.a });

// The defects of a section, and the units of their errors, which the section of the case gives.
const defects = (space, Y, Lambda) => (space.euclidean ? { defect_point: plain(subtract(matrix(Lambda), matrix(Y))) } : {
  defect_point: plain(subtract(columns(matrix(Lambda), space.frame), matrix(Y))),
  defect_group: plain(subtract(multiply(space.adjoint(matrix(Lambda)), matrix(Lambda)), eye(Lambda.shape[0]))) });
const spectralNorm = (X) => {
  let v = make(X.cols, 1, (i) => 1 + i / X.cols);
  for (let k = 0; k < 200; k++) {
    const w = multiply(transpose(X), multiply(X, v));
    v = make(w.rows, 1, (i) => w.at(i, 0) / norm(w));
  }
  return norm(multiply(X, v));
};

// The quantities in the order in which they arise; those of a transformer block by block.
const ordered = (operation, names, expected) => {
  const whole = (name) => [name, null];
  if (!operation.startsWith("transformer")) return names.map(whole);
  const forward = operation === "transformer_forward";
  const blocked = names.filter((name) => name.startsWith("d_blocks.") || (forward && !["logits", "y"].includes(name)));
  const numbers = Array.from({ length: expected[blocked[0]].shape[0] }, (_, k) => k);
  const inBlocks = (forward ? numbers : numbers.reverse()).flatMap((k) => blocked.map((name) => [name, k]));
  const others = names.filter((name) => !blocked.includes(name)).map(whole);
  return forward ? [...inBlocks, ...others] : [...others, ...inBlocks];
};
const largestError = (value, expected) => {
  let largest = 0;
  for (let k = 0; k < expected.data.length; k++) {
    const error = Math.abs(value.data[k] - expected.data[k]);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
};

// Verdict and first quantity; answers by name, without those of other operations.
const judge = ({ kind, parameters: p, arrays, stored }, operation, answers) => {
  if (Object.keys(answers).length === 0) return ["not covered", ""];
  const wrongType = ({ type }) => !["<f8", "<f4"].includes(type) || (type === "<f4" && p.dtype === "float64");
  for (const [name, answer] of Object.entries(answers)) if (wrongType(answer)) return ["fails", name];
  if (kind === "refusal") {
    const shown = answers.refused?.data[0] || Object.values(answers).some(({ data }) => !data.every(Number.isFinite));
    return [shown ? "agrees" : "departs", ""];
  }
  const { quantities, required } = manifest.operations[operation];
  const stepped = "t" in stored;
  const steps = stepped ? stored.t.shape[0] : 1;
  const at = (array, k) => (stepped ? part(array, k) : array);
  const sections = { global_section: ["Lambda"], unitary_section: ["Lambda_re", "Lambda_im"] }[operation] ?? [];
  const names = quantities.filter((name) => arrays[name] || (sections.length
    && !(p.space === "euclidean" && name === "defect_group")));
  const given = sections.length && sections.every((name) => answers[name]) ? [...names, ...sections]
    : Object.keys(answers);
  const missing = names.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => ![...names, ...sections].includes(name));
  if (missing.some((name) => required.includes(name)) || (missing.length && unknown.length)) return ["fails", ""];
  for (const answer of Object.values(answers))
    if (stepped && answer.shape[0] !== steps) return ["fails", ""];
  const growth = Math.sqrt((p.shape ? p.shape[0] : p.width ?? 1) * (p.steps ?? 1));
  for (let k = 0; k < steps; k++) {
    let [values, expected, unit] = [{}, {},
      (name) => arrays[name][operation.endsWith("step") ? "step_scale" : "scale"]];
    for (const name of names) if (answers[name]) values[name] = at(answers[name], k);
    for (const name of names) if (stored[name]) expected[name] = at(stored[name], k);
    if (sections.length) {
      const [whole, point] = [(arrays) => sections.map((name) => at(arrays[name], k)),
        sections.map((name) => at(stored[name.replace("Lambda", "Y")], k))];
      if (whole(answers).some(({ shape }, i) => String(shape) !== String(whole(stored)[i].shape))) return ["fails", ""];
      const complex = sections.length === 2;
      const [Y, own, section] = [point, whole(stored), whole(answers)].map((X) => (complex ? real(...X) : X[0]));
      // complex matrices as real ones have the frame of the symplectic spaces, and the transpose for the adjoint
      const space = complex ? { frame: new Space("symplectic_stiefel", ...Y.shape).frame, adjoint: transpose }
        : new Space(p.space, ...p.shape);
      values = defects(space, Y, section);
      for (const [name, { shape }] of Object.entries(values))
        expected[name] = { shape, data: new Float64Array(size(shape)) };
      const length = Math.max(1, space.euclidean ? 1 : spectralNorm(matrix(own)));
      unit = (name) => (name === "defect_point" ? length : length ** 4);
    }
    for (const name of Object.keys(values))
      if (String(values[name].shape) !== String(expected[name].shape)) return ["fails", name];
    for (const [name, block] of ordered(operation, names.filter((name) => values[name]), expected)) {
      const pick = (array) => (block === null ? array : part(array, block));
      const error = largestError(pick(values[name]), pick(expected[name])) / (EPS[p.dtype] * unit(name));
      if (!(error <= manifest.quantities[name].tolerance.constant * growth)) return ["departs", name];
    }
  }
  return ["agrees", ""];
};

const grouped = (archive, depth) => { // arrays by the first names of their paths
  const groups = new Map();
  for (const [path, array] of archive) {
    const names = path.split("/");
    const key = names.slice(0, depth).join("/");
    if (!groups.has(key)) groups.set(key, {});
    groups.get(key)[names.slice(depth).join("/")] = array;
  }
  return groups;
};
let wrong = 0;
if (answersFile) {
  for (const [path, answers] of grouped(readNpz(answersFile), 2)) {
    const [id, operation] = path.split("/");
    const [verdict, quantity] = judge(cases[id], operation, answers);
    if (verdict !== "agrees") console.log(verdict, path, quantity);
    wrong += verdict !== "agrees";
  }
} else {
  const trials = grouped(readNpz(join(folder, "selftest.npz")), 3);
  const table = JSON.parse(readFileSync(join(folder, "selftest.json"), "utf8")).trials;
  for (const { trial, case: id, operation, verdict, quantity, why } of table) {
    const found = judge(cases[id], operation, trials.get(`${trial}/${id}/${operation}`) ?? {});
    const right = found[0] === verdict && found[1] === quantity;
    if (!right) console.log(`${trial} (${why}): expected ${verdict} ${quantity}, got ${found.join(" ")}`);
    wrong += !right;
  }
  console.log(`${table.length - wrong} of ${table.length} verdicts as expected`);
}
process.exitCode = wrong ? 1 : 0;
