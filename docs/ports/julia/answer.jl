# Answers the oracle's questions on retractions (Stiefel, Grassmann), with NPZ.jl 0.4.3:
#     python -m manifold_opt oracle check --command "julia answer.jl" --operations retract
using LinearAlgebra, NPZ

slices(X, steps) = steps == "0" ? [X] : collect(eachslice(X; dims=1))

questions = npzread(ARGS[1])                                  # CASE/OPERATION/ARGUMENT => array
answers = Dict{String,Any}()
for line in eachline(replace(ARGS[1], r"npz$" => "tsv"))
    id, operation, steps, dtype, fields... = split(line, '\t')
    words = Dict(Pair(split(field, '='; limit=2)...) for field in fields)
    path = "$id/$operation"
    operation == "retract" && words["space"] in ("stiefel", "grassmann") || continue
    increments = map(slices(questions["$path/W_A"], steps), slices(questions["$path/W_B"], steps)) do A, B
        W = [A -B'; B zeros(eltype(B), size(B, 1), size(B, 1))]
        words["retraction"] == "geodesic" ? exp(W) : (I - W / 2) \ (I + W / 2)
    end
    answers["$path/R"] = steps == "0" ? only(increments) : stack(increments; dims=1)
end
npzwrite(ARGS[2], answers)
