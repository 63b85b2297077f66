// The optimizer on manifolds in C++17 without libraries: matrices, spaces, methods, one step.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
using std::map; using std::string; using std::vector;
using Size = std::size_t;

// ---- small matrices, row by row -------------------------------------------------------------------------------------
template <class T> struct Matrix {
    Size rows, cols;
    vector<T> a;
    Matrix(Size r = 0, Size c = 0) : rows(r), cols(c), a(r * c) {}
    T& operator()(Size i, Size j) { return a[i * cols + j]; }
    T operator()(Size i, Size j) const { return a[i * cols + j]; }
};
template <class T, class F> Matrix<T> each(Matrix<T> X, const Matrix<T>& Y, F f) {
    for (Size k = 0; k < X.a.size(); ++k) X.a[k] = T(f(X.a[k], Y.a[k]));
    return X;
}
template <class T> Matrix<T> operator+(const Matrix<T>& X, const Matrix<T>& Y) { return each(X, Y, std::plus<T>()); }
template <class T> Matrix<T> operator-(const Matrix<T>& X, const Matrix<T>& Y) { return each(X, Y, std::minus<T>()); }
template <class T> Matrix<T> operator*(double factor, Matrix<T> X) {
    for (T& x : X.a) x = T(factor * x);
    return X;
}
template <class T> Matrix<T> operator*(const Matrix<T>& X, const Matrix<T>& Y) {
    Matrix<T> Z(X.rows, Y.cols);
    for (Size i = 0; i < X.rows; ++i)
        for (Size k = 0; k < X.cols; ++k)
            for (Size j = 0; j < Y.cols; ++j) Z(i, j) += X(i, k) * Y(k, j);
    return Z;
}
template <class T> Matrix<T> transposed(const Matrix<T>& X) {
    Matrix<T> Z(X.cols, X.rows);
    for (Size i = 0; i < X.rows; ++i)
        for (Size j = 0; j < X.cols; ++j) Z(j, i) = X(i, j);
    return Z;
}
template <class T> Matrix<T> identity(Size n) {
    Matrix<T> I(n, n);
    for (Size i = 0; i < n; ++i) I(i, i) = 1;
    return I;
}
template <class T> Matrix<T> solve(Matrix<T> X, Matrix<T> Y) {  // Gauss and Jordan with row pivots
    for (Size k = 0; k < X.rows; ++k) {
        Size p = k;
        for (Size i = k; i < X.rows; ++i) if (std::abs(X(i, k)) > std::abs(X(p, k))) p = i;
        for (Matrix<T>* M : {&X, &Y}) for (Size j = 0; j < M->cols; ++j) std::swap((*M)(k, j), (*M)(p, j));
        for (Size i = 0; i < X.rows; ++i) if (i != k) {
            const T factor = X(i, k) / X(k, k);
            for (Matrix<T>* M : {&X, &Y}) for (Size j = 0; j < M->cols; ++j) (*M)(i, j) -= factor * (*M)(k, j);
        }
    }
    for (Size i = 0; i < Y.rows; ++i) for (Size j = 0; j < Y.cols; ++j) Y(i, j) /= X(i, i);
    return Y;
}
template <class T> Matrix<T> exponential(Matrix<T> X) {  // scaling, a Taylor polynomial of degree 18, squaring
    double norm = 0;
    for (T x : X.a) norm += double(x) * x;
    const int doublings = int(std::min(64.0, std::max(0.0, std::ceil(std::log2(std::sqrt(norm))) + 1)));
    X = std::ldexp(1.0, -doublings) * X;
    Matrix<T> E = identity<T>(X.rows);
    for (int k = 18; k > 0; --k) E = identity<T>(X.rows) + 1.0 / k * (X * E);
    for (int k = 0; k < doublings; ++k) E = E * E;
    return E;
}

// ---- the spaces: adjoint, columns of the point, section, gradient, lift, retraction ---------------------------------
using Numbers = map<string, double>;
template <class T> using Arrays = map<string, Matrix<T>>;

template <class T> struct Space {
    bool symplectic, grassmann, euclidean;
    Size N, n;
    Space(const string& kind, Size rows, Size cols) : symplectic(kind.find("symplectic") == 0),
        grassmann(kind.find("grassmann") != string::npos), euclidean(kind == "euclidean"), N(rows), n(cols) {}

    bool in_frame(Size j) const { return symplectic ? j % (N / 2) < n / 2 : j < n; }
    Matrix<T> columns(const Matrix<T>& X, bool frame) const {
        Matrix<T> Z(X.rows, frame ? n : N - n);
        for (Size j = 0, k = 0; j < N; ++j) if (in_frame(j) == frame) {
            for (Size i = 0; i < X.rows; ++i) Z(i, k) = X(i, j);
            ++k;
        }
        return Z;
    }
    Matrix<T> point(const Matrix<T>& Lambda) const { return euclidean ? Lambda : columns(Lambda, true); }

    Matrix<T> adjoint(const Matrix<T>& M) const {  // M^T, or J^T M^T J: halves exchanged, signs + and - by halves
        Matrix<T> Z = transposed(M);
        if (!symplectic) return Z;
        const Size p = M.rows / 2, q = M.cols / 2;
        for (Size i = 0; i < M.cols; ++i)
            for (Size j = 0; j < M.rows; ++j)
                Z(i, j) = ((i < q) == (j < p) ? 1 : -1) * M(j < p ? j + p : j - p, i < q ? i + q : i - q);
        return Z;
    }
    // Y completed by columns, or symplectic pairs, of the projection I - Y Y*, always the largest that is left.
    Matrix<T> global_section(const Matrix<T>& Y) const {
        if (euclidean) return Y;
        T size = 1;
        for (T y : Y.a) size += y * y;
        for (T x : (adjoint(Y) * Y - identity<T>(n)).a)
            if (!(std::abs(x) <= 100 * std::numeric_limits<T>::epsilon() * size))
                throw std::invalid_argument("Y must satisfy Y* Y = I");
        Matrix<T> P = identity<T>(N) - Y * adjoint(Y), Lambda(N, N);
        P = P * P;
        const Size h = N / 2;
        for (Size j = 0, k = 0; j < N; ++j) if (in_frame(j)) {
            for (Size i = 0; i < N; ++i) Lambda(i, j) = Y(i, k);
            ++k;
        }
        for (Size k = 0; k < (symplectic ? h : N); ++k) if (!in_frame(k)) {
            Matrix<T> form = symplectic ? transposed(P) * flipped(P) : transposed(P) * P;
            Size a = 0, b = 0;
            for (Size i = 0; i < N; ++i) for (Size j = 0; j < N; ++j)
                if ((symplectic || i == j) && form(i, j) > form(a, b)) a = i, b = j;
            Matrix<T> V(N, symplectic ? 2 : 1);
            for (Size i = 0; i < N; ++i) {
                V(i, 0) = Lambda(i, k) = P(i, a) / std::sqrt(form(a, b));
                if (symplectic) V(i, 1) = Lambda(i, k + h) = P(i, b) / std::sqrt(form(a, b));
            }
            for (int again = 0; again < 2; ++again) P = P - V * (adjoint(V) * P);
        }
        return Lambda;
    }
    Matrix<T> flipped(const Matrix<T>& X) const {  // J X
        Matrix<T> Z(X.rows, X.cols);
        for (Size i = 0; i < N; ++i) for (Size j = 0; j < X.cols; ++j)
            Z(i, j) = i < N / 2 ? X(i + N / 2, j) : -X(i - N / 2, j);
        return Z;
    }
    Matrix<T> restore(const Matrix<T>& Lambda) const {  // one Newton-Schulz step
        return 0.5 * (Lambda * (3 * identity<T>(N) - adjoint(Lambda) * Lambda));
    }
    Matrix<T> full_gradient(const Matrix<T>& Y, const Matrix<T>& dL) const {
        const Matrix<T> X = dL * transposed(Y);
        return (X - adjoint(X)) * Y;
    }
    Matrix<T> riemannian_gradient(const Matrix<T>& Y, const Matrix<T>& dL) const {
        if (euclidean) return dL;
        const Matrix<T> grad = full_gradient(Y, dL);
        return grassmann ? grad - Y * (adjoint(Y) * grad) : grad;
    }
    Arrays<T> lift(const Matrix<T>& Lambda, const Matrix<T>& Delta) const {
        if (euclidean) return {{"A", Matrix<T>()}, {"B", Delta}};
        const Matrix<T> A = adjoint(columns(Lambda, true)) * Delta;
        return {{"A", grassmann ? Matrix<T>(n, n) : 0.5 * (A - adjoint(A))},
                {"B", adjoint(columns(Lambda, false)) * Delta}};
    }
    // Projection, dense lift and metric on the spaces of O(N) and vector spaces.
    Matrix<T> project_tangent(const Matrix<T>& Y, const Matrix<T>& Z) const {
        if (euclidean) return Z;
        const Matrix<T> a = transposed(Y) * Z;
        return Z - Y * (grassmann ? a : 0.5 * (a + transposed(a)));
    }
    Matrix<T> horizontal_lift(const Matrix<T>& Y, const Matrix<T>& Delta) const {
        if (euclidean) return Delta;
        const Matrix<T> half = grassmann ? Delta : Delta - 0.5 * (Y * (transposed(Y) * Delta));
        return half * transposed(Y) - Y * transposed(half);
    }
    Matrix<T> metric(const Matrix<T>& Y, const Matrix<T>& Delta1, const Matrix<T>& Delta2) const {
        Matrix<T> sum(1, 1);
        for (T x : each(horizontal_lift(Y, Delta1), horizontal_lift(Y, Delta2), std::multiplies<T>()).a) sum.a[0] += x;
        return euclidean ? sum : 0.5 * sum;
    }
    Arrays<T> lift_gradient(const Matrix<T>& Lambda, const Matrix<T>& dL) const {
        return lift(Lambda, euclidean ? dL : full_gradient(point(Lambda), dL));
    }
    Matrix<T> retract(const string& retraction, const Matrix<T>& A, const Matrix<T>& B) const {
        if (euclidean) return B;
        const Matrix<T> C = adjoint(B), I = identity<T>(N);
        Matrix<T> W(N, N);  // [[A, -B*], [B, 0]]; r and c count rows and columns within the blocks
        for (Size i = 0, r[2] = {0, 0}; i < N; ++r[in_frame(i)], ++i)
            for (Size j = 0, c[2] = {0, 0}; j < N; ++c[in_frame(j)], ++j) {
                if (in_frame(j)) W(i, j) = in_frame(i) ? A(r[1], c[1]) : B(r[0], c[1]);
                else if (in_frame(i)) W(i, j) = -C(r[1], c[0]);
            }
        return retraction == "geodesic" ? exponential(W) : solve(I - 0.5 * W, I + 0.5 * W);
    }
    Matrix<T> move(const Matrix<T>& Lambda, const Matrix<T>& R) const { return euclidean ? Lambda + R : Lambda * R; }
};

// ---- the methods, on A and B entry by entry; their coefficients in double also for float ----------------------------
template <class T> Arrays<T> update(const string& method, const Numbers& h, const Arrays<T>& before, double t) {
    Arrays<T> after;
    const double rate = method != "adam_with_decay" ? h.at("learning_rate") : h.at("eta1") * std::pow(
        h.at("eta2") / h.at("eta1"), std::min(t - 1, h.at("steps") - 1) / (h.at("steps") - 1));
    for (const string block : {"A", "B"}) {
        const Matrix<T>& G = before.at(block);
        const string first = "B1_" + block, second = "B2_" + block;
        const auto average = [&](const string& moment, const Matrix<T>& value, double rho) {
            const double last = 1 - std::pow(rho, t);
            return (rho - std::pow(rho, t)) / last * before.at(moment) + (1 - rho) / last * value;
        };
        if (method == "gradient") { after["W_" + block] = -rate * G; continue; }
        if (method == "momentum") {
            after[first + "_new"] = h.at("alpha") * before.at(first) + G;
            after["W_" + block] = -rate * after[first + "_new"];
            continue;
        }
        const Matrix<T>& m = after[first + "_new"] = average(first, G, h.at("rho1"));
        const Matrix<T>& v = after[second + "_new"] = average(second, each(G, G, std::multiplies<T>()), h.at("rho2"));
        after["W_" + block] = each(m, v, [&](T b, T s) { return -rate * b / (std::sqrt(s) + h.at("delta")); });
    }
    return after;
}
template <class T> Arrays<T> step(const Space<T>& space, const string& method, const string& retraction,
                                  const Numbers& hyper, const Arrays<T>& in, double t) {
    Arrays<T> a = in, out = space.lift_gradient(in.at("Lambda"), in.at("dL"));
    for (const auto& [name, X] : out) a[name] = X;
    for (const auto& [name, X] : update(method, hyper, a, t)) out[name] = X;
    out["grad"] = space.riemannian_gradient(space.point(in.at("Lambda")), in.at("dL"));
    out["R"] = space.retract(retraction, out["W_A"], out["W_B"]);
    out["Lambda_new"] = space.move(in.at("Lambda"), out["R"]);
    out["Y_new"] = space.point(out["Lambda_new"]);
    return out;
}
