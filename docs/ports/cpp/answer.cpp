// Answers the questions of the oracle with the optimizer of manifold.hpp.
//     g++ -std=c++17 -O2 -o port answer.cpp
//     python -m manifold_opt oracle check --command ./port        calls ./port QUESTIONS.npz ANSWERS.npz
#include "manifold.hpp"
#include "npz.hpp"
#include <iostream>

using Words = map<string, string>;

template <class T> Arrays<T> trajectory(const Space<T>& space, const Words& words, const Numbers& hyper,
                                        Arrays<T> state) {
    for (const string moment : {"B1_", "B2_"}) {
        state[moment + "A"] = Matrix<T>(space.n, space.n);
        state[moment + "B"] = Matrix<T>(space.N - space.n, space.n);
    }
    const string problem = words.at("problem");
    const Size steps = std::stoul(words.at("steps"));
    Matrix<T> losses(1, steps + 1), Y, dL;
    for (Size t = 1; t <= steps + 1; ++t) {
        Y = space.point(state["Lambda"]);
        if (problem == "procrustes") {
            const Matrix<T> residual = state["P"] * Y - state["Q"];
            for (T x : residual.a) losses.a[t - 1] += x * x / 2;
            dL = transposed(state["P"]) * residual;
        } else {
            dL = 2 * (state["M"] * Y);
            for (Size k = 0; k < Y.a.size(); ++k) {
                if (problem == "brockett") dL.a[k] *= state["D"].a[k % Y.cols];
                losses.a[t - 1] += Y.a[k] * dL.a[k] / 2;
            }
        }
        state["dL"] = dL;
        if (t > steps) continue;
        for (const auto& [name, X] : step(space, words.at("method"), words.at("retraction"), hyper, state, double(t)))
            if (const Size end = name.find("_new"); end != string::npos) state[name.substr(0, end)] = X;
    }
    return {{"losses", losses}, {"Y_last", Y}};
}

// The answers by name; none to a question that this port does not know, "refused" to one without an answer.
template <class T> Arrays<T> answer(const string& operation, const Words& words, const Arrays<T>& in, double t) {
    const auto word = [&](const string& name) { return words.count(name) ? words.at(name) : ""; };
    const string method = word("method"), retraction = word("retraction");
    Numbers hyper;
    for (const auto& [name, value] : words) if (name.find("hyper.") == 0) hyper[name.substr(6)] = std::stod(value);
    if (operation == "update") return update(method, hyper, in, t);
    if (!words.count("space") || operation.find("_stack") != string::npos) return {};

    Size N = in.count("Lambda") ? in.at("Lambda").rows : 0, n = 0;
    for (const string name : {"Y", "dL", "Delta"}) if (in.count(name)) N = in.at(name).rows, n = in.at(name).cols;
    if (in.count("W_B")) N = in.at("W_A").rows + in.at("W_B").rows, n = in.at("W_B").cols;
    const Space<T> space(words.at("space"), N, n);
    if (operation == "global_section") return {{"Lambda", space.global_section(in.at("Y"))}};
    if (operation == "riemannian_gradient") return {{"grad", space.riemannian_gradient(in.at("Y"), in.at("dL"))}};
    if (operation == "lift") return space.lift(in.at("Lambda"), in.at("Delta"));
    if (operation == "lift_gradient") return space.lift_gradient(in.at("Lambda"), in.at("dL"));
    if (operation == "restore") return {{"restored", space.restore(in.at("Lambda"))}};
    if (operation == "project_tangent" && !space.symplectic)
        return {{"projection", space.project_tangent(in.at("Y"), in.at("Z"))}};
    if (operation == "horizontal_lift" && !space.symplectic)
        return {{"Omega", space.horizontal_lift(in.at("Y"), in.at("Delta"))}};
    if (operation == "metric" && !space.symplectic)
        return {{"metric", space.metric(in.at("Y"), in.at("Delta1"), in.at("Delta2"))}};
    if (operation == "retract") return {{"R", space.retract(retraction, in.at("W_A"), in.at("W_B"))}};
    if (operation == "move")
        return {{"Lambda_new", space.move(in.at("Lambda"), space.retract(retraction, in.at("W_A"), in.at("W_B")))}};
    if (operation == "step") return step(space, method, retraction, hyper, in, t);
    if (operation == "trajectory") return trajectory(space, words, hyper, in);
    return {};
}

// One line of the table of questions: as many questions as there are steps, with arrays along a leading axis.
template <class T> void answer_line(const string& path, const string& operation, Size steps, const Words& words,
                                    const map<string, Array>& questions, map<string, Array>& answers) {
    for (Size k = 0; k < std::max<Size>(steps, 1); ++k) {
        Arrays<T> in;
        double t = 0;
        for (auto at = questions.lower_bound(path); at != questions.end() && at->first.find(path) == 0; ++at) {
            const Array& array = at->second;
            const string name = at->first.substr(path.size());
            if (name == "t") t = double(number(array.bytes, 8 * k, 8));
            const vector<Size> shape(array.shape.begin() + (steps > 0), array.shape.end());
            if (name == "t" || shape.size() > 2) continue;
            Matrix<T>& X = in[name] = Matrix<T>(shape.size() > 1 ? shape[0] : 1, shape.empty() ? 1 : shape.back());
            array.bytes.copy(reinterpret_cast<char*>(X.a.data()), X.a.size() * sizeof(T), k * X.a.size() * sizeof(T));
        }
        Arrays<T> found;
        try {
            found = answer(operation, words, in, t);
        } catch (const std::invalid_argument&) {
            found["refused"] = identity<T>(1);
        }
        for (const auto& [name, X] : found) {
            Array& array = answers[path + name];
            array.descr = sizeof(T) == 8 ? "<f8" : "<f4";
            array.shape = steps > 0 ? vector<Size>{steps} : vector<Size>{};
            if (name == "losses") array.shape.push_back(X.cols);
            else if (name != "metric" && name != "refused") array.shape.insert(array.shape.end(), {X.rows, X.cols});
            array.bytes.append(reinterpret_cast<const char*>(X.a.data()), X.a.size() * sizeof(T));
        }
    }
}

int main(int count, char** files) {
    if (count != 3) { std::cerr << "usage: port QUESTIONS.npz ANSWERS.npz\n"; return 2; }
    const string asked = files[1];
    const map<string, Array> questions = read_npz(asked);
    map<string, Array> answers;
    std::ifstream table(asked.substr(0, asked.size() - 4) + ".tsv");
    for (string line; std::getline(table, line);) {
        std::istringstream fields(line);
        string id, operation, dtype, field;
        Size steps;
        fields >> id >> operation >> steps >> dtype;
        Words words;
        while (fields >> field) words[field.substr(0, field.find('='))] = field.substr(field.find('=') + 1);
        (dtype == "float64" ? answer_line<double> : answer_line<float>)(
            id + "/" + operation + "/", operation, steps, words, questions, answers);
    }
    write_npz(files[2], answers);
}
