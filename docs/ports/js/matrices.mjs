// Small dense matrices of numbers in double precision, row by row.
export const make = (rows, cols, entry) => {
  const a = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) a[i * cols + j] = entry(i, j);
  return { rows, cols, a, at: (i, j) => a[i * cols + j] };
};
export const zeros = (rows, cols) => make(rows, cols, () => 0);
export const eye = (n) => make(n, n, (i, j) => Number(i === j));
export const each = (f, X, ...others) => make(X.rows, X.cols,
  (i, j) => f(X.at(i, j), ...others.map((Y) => Y.at(i, j))));
export const add = (X, Y) => each((x, y) => x + y, X, Y);
export const subtract = (X, Y) => each((x, y) => x - y, X, Y);
export const scale = (factor, X) => each((x) => factor * x, X);
export const transpose = (X) => make(X.cols, X.rows, (i, j) => X.at(j, i));
export const total = (X) => X.a.reduce((sum, x) => sum + x, 0);
export const norm = (X) => Math.sqrt(total(each((x) => x * x, X)));
export const columns = (X, chosen) => make(X.rows, chosen.length, (i, j) => X.at(i, chosen[j]));
export const multiply = (X, Y, ...more) => {
  const Z = make(X.rows, Y.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < X.cols; k++) sum += X.at(i, k) * Y.at(k, j);
    return sum;
  });
  return more.length ? multiply(Z, ...more) : Z;
};
export const solve = (X, Y) => { // Gauss and Jordan with row pivots, on the rows of [X, Y]
  const n = X.rows;
  const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n + Y.cols },
    (_, j) => (j < n ? X.at(i, j) : Y.at(i, j - n))));
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[p][k])) p = i;
    [rows[k], rows[p]] = [rows[p], rows[k]];
    for (const row of rows) {
      const factor = row[k] / rows[k][k];
      if (row !== rows[k]) for (let j = k; j < row.length; j++) row[j] -= factor * rows[k][j];
    }
  }
  return make(n, Y.cols, (i, j) => rows[i][n + j] / rows[i][i]);
};
export const exponential = (X) => { // scaling, a Taylor polynomial of degree 18, squaring
  const doublings = Math.min(64, Math.max(0, Math.ceil(Math.log2(norm(X))) + 1));
  const small = scale(2 ** -doublings, X);
  let E = eye(X.rows);
  for (let k = 18; k > 0; k--) E = add(eye(X.rows), scale(1 / k, multiply(small, E)));
  for (let k = 0; k < doublings; k++) E = multiply(E, E);
  return E;
};
