"""Ports that Python does not call: files of questions and answers, and programs."""
import sys
from pathlib import Path

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.__main__ import main
from manifold_opt.oracle.answers import write_questions
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.oracle.quantities import GROUPED, OPERATIONS
from manifold_opt.oracle.question import questions
from manifold_opt.oracle.runner import answers_of

CASES = ["*-6x2-float64-adam-*", "stiefel-6x2-float32-momentum-cayley", "euclidean-3x2-float64-adam-cayley",
         "*-6x2-float64-condition1-geometry", "*-20x3-float64-norm361-*", "brockett-*-adam-*",
         "transformer-small-float64-*"]

PORT = '''"""Reads the questions as a port in any language does: the table, then the arrays that it names."""
import sys
import numpy as np
from manifold_opt import oracle

GROUPED, ORDER = {grouped!r}, {order!r}


def value(text):
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


arrays, answers, backend = np.load(sys.argv[1]), {{}}, oracle.NumpyBackend()
for line in open(sys.argv[1].replace(".npz", ".tsv"), encoding="utf-8"):
    case, operation, length, dtype, *words = line.rstrip("\\n").split("\\t")
    given = dict(word.split("=", 1) for word in words)
    start = f"{{case}}/{{operation}}/"
    names = [name.removeprefix(start) for name in arrays.files if name.startswith(start)]
    if operation == "trajectory":
        continue
    found = []
    for k in range(max(int(length), 1)):
        known = {{name: arrays[start + name][k] if int(length) else arrays[start + name] for name in names}}
        known.update({{name: value(text) for name, text in given.items()}})
        for name, kind in (("t", int), ("skip", bool)):
            if name in known:
                known[name] = kind(known[name])
        arguments = []
        for name in ORDER[operation]:
            if name in GROUPED:
                arguments.append({{key: known[key] for key in GROUPED[name] if key in known}})
            elif name == "hyper":
                arguments.append({{key[6:]: X for key, X in known.items() if key.startswith("hyper.")}})
            else:
                arguments.append(known[name])
        answer = getattr(backend, operation)(*arguments)
        if not isinstance(answer, dict):
            several = isinstance(answer, tuple)
            quantities = {{"global_section": ("Lambda",), "lift": ("A", "B"), "lift_gradient": ("A", "B")}}
            label = quantities.get(operation, ({single!r}.get(operation),))
            answer = dict(zip(label, answer if several else (answer,)))
        found.append(answer)
    for name in found[0]:
        stacked = [np.asarray(each[name]) for each in found]
        answers[start + name] = np.array(stacked) if int(length) else stacked[0]
np.savez(sys.argv[2], **answers)
'''


def answered(cases):
    """The library's answers by name, as a port would write them."""
    ask, backend, answers = answers_of(oracle.NumpyBackend()), oracle.NumpyBackend(), {}
    for case in cases:
        found = {}
        for question in questions(case):
            values = dict(ask(case, question))
            if question.operation == "global_section":
                values = {"Lambda": backend.global_section(*question.copied().values())}
            for name, value in values.items():
                found.setdefault(f"{case.id}/{question.operation}/{name}", []).append(np.asarray(value))
        answers.update({name: np.array(values) if case.kind == "step" else values[0] for name, values in found.items()})
    return answers


@pytest.fixture(scope="module")
def answers():
    return answered(oracle.load_cases(CASES))


def test_answers_in_memory_an_archive_and_a_folder(answers, tmp_path):
    np.savez(tmp_path / "answers.npz", **answers)
    (tmp_path / "stored.npz").write_bytes(npz_bytes(answers))
    for name, value in answers.items():
        file = tmp_path / "folder" / f"{name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.asfortranarray(value) if value.ndim else value)
    direct = oracle.check(oracle.NumpyBackend(), CASES)
    for source in (answers, tmp_path / "answers.npz", str(tmp_path / "stored.npz"), tmp_path / "folder"):
        report = oracle.judge(source, CASES)
        assert report and report.verdict == direct.verdict
        assert [r.verdict for r in report.results] == [r.verdict for r in direct.results]


@pytest.mark.parametrize("change, verdict, words", [
    (lambda a, key: a.update({key: a[key] + 1e-9}), "departs", "off by"),
    (lambda a, key: a.update({key: a[key][0]}), "fails", "must have a leading axis of 5 steps: got shape (6, 6)"),
    (lambda a, key: a.update({key: a[key].astype("float32")}), "fails", "x64 is off?"),
    (lambda a, key: a.update({key.replace("/R", "/r"): a.pop(key)}), "fails", "unknown quantity 'r': is it 'R'"),
    (lambda a, key: a.update({key.replace("retract", "retrakt"): a[key]}), "fails",
     "there is no operation 'retrakt': is it 'retract'?"),
    (lambda a, key: a.update({key.replace("6x2", "6x3"): a[key]}), "fails",
     "there is no case 'stiefel-6x3-float64-adam-cayley': is it 'stiefel-6x2-float64-adam-cayley'?")])
def test_faults_of_answers(answers, change, verdict, words):
    changed = dict(answers)
    change(changed, "stiefel-6x2-float64-adam-cayley/retract/R")
    report = oracle.judge(changed, CASES)
    assert report.first_departure.verdict == verdict and words in str(report) and report.exit_code == 1


def test_object_arrays_are_no_answers(answers, tmp_path):
    key = "stiefel-6x2-float64-adam-cayley/retract/R"
    np.savez(tmp_path / "answers.npz", **{**answers, key: answers[key].astype(object)})
    first = oracle.judge(tmp_path / "answers.npz", CASES).first_departure
    assert first.verdict == "fails" and "Object arrays cannot be loaded" in first.message


def test_answers_of_nothing(tmp_path):
    np.savez(tmp_path / "answers.npz")
    assert oracle.judge(tmp_path / "answers.npz").exit_code == 2
    np.save(tmp_path / "answers.npy", np.eye(2))
    with pytest.raises(ValueError, match="npz file or a folder"):
        oracle.judge(tmp_path / "answers.npy")
    with pytest.raises(ValueError, match="CASE/OPERATION/QUANTITY: got 'R'"):
        oracle.judge({"R": np.eye(2)})


def test_judge_from_the_command_line(answers, tmp_path, capsys):
    np.savez(tmp_path / "answers.npz", **answers)
    arguments = ["oracle", "judge", str(tmp_path / "answers.npz"), "--cases", "transformer-small-*", "--quiet"]
    assert main([*arguments, "--level", "smoke"]) == 0
    assert capsys.readouterr().out == "agrees: 4 checks\n"
    assert main([*arguments, "--require", "transformer_forward"]) == 1
    (tmp_path / "known.txt").write_text("# not yet\ntransformer_forward transformer-small-float64-*\n")
    assert main([*arguments, "--xfail", str(tmp_path / "known.txt")]) == 1
    assert "agrees, though it is listed as an expected departure" in capsys.readouterr().out


def test_a_program_is_called_once_for_each_group(tmp_path, capsys):
    single = {name: o.quantities[0] for name, o in OPERATIONS.items() if len(o.quantities) == 1}
    (tmp_path / "port.py").write_text(PORT.format(
        grouped=GROUPED, order={name: o.arguments for name, o in OPERATIONS.items()}, single=single))
    command = f"{sys.executable} {tmp_path / 'port.py'}"
    report = oracle.check_command(command, CASES)
    direct = oracle.check(oracle.NumpyBackend(), [case for case in oracle.list_cases(CASES) if "brockett" not in case])
    assert report and report.verdict == f"{direct.verdict}; not covered: trajectory (no answers)"
    assert main(["oracle", "check", "--command", command, "--cases", "steps_euclidean", "--quiet"]) == 0
    (tmp_path / "broken.py").write_text("raise SystemExit('no such device')")
    assert main(["oracle", "check", "--command", f"{sys.executable} {tmp_path / 'broken.py'}"]) == 2
    assert "got 1, no such device" in capsys.readouterr().err


def test_questions_are_the_arguments_of_the_operations(tmp_path, capsys):
    assert main(["oracle", "ask", str(tmp_path / "questions.npz"), "--cases", *CASES]) == 0
    assert "questions.tsv" in capsys.readouterr().out
    lines = [line.split("\t") for line in (tmp_path / "questions.tsv").read_text().splitlines()]
    with np.load(tmp_path / "questions.npz") as archive:
        for case, operation, length, dtype, *words in lines:
            given = [word.partition("=")[0].partition(".")[0] for word in words]
            given += [name.split("/", 2)[2] for name in archive.files if name.startswith(f"{case}/{operation}/")]
            wanted = [GROUPED.get(name, (name,)) for name in OPERATIONS[operation].arguments]
            assert all(set(names) & set(given) or names in (GROUPED["moments"],) for names in wanted)
            assert set(given) <= {name for names in wanted for name in names}
            assert dtype in case or operation == "trajectory"
            if operation == "trajectory":   # nothing else says how many columns its point has
                assert archive[f"{case}/trajectory/Y"].shape == (6, 2)
    loaded, = oracle.load_cases("stiefel-6x2-float64-adam_with_decay-cayley")
    write_questions(tmp_path / "one.npz", [loaded], ["update"])
    assert (tmp_path / "one.tsv").read_text() == (
        "stiefel-6x2-float64-adam_with_decay-cayley\tupdate\t5\tfloat64\tmethod=adam_with_decay\thyper.steps=4\t"
        "hyper.eta1=0.1\thyper.eta2=0.001\thyper.rho1=0.9\thyper.rho2=0.99\thyper.delta=3e-07\n")


def test_copies_are_the_files_of_the_library(tmp_path, capsys):
    assert main(["oracle", "copy", str(tmp_path / "cases")]) == 0
    from manifold_opt.oracle.format import DATA
    for file in DATA.iterdir():
        assert (tmp_path / "cases" / file.name).read_bytes() == file.read_bytes()


def test_changed_files_are_refused(tmp_path):
    oracle.copy(tmp_path)
    content = bytearray((tmp_path / "steps_euclidean.npz").read_bytes())
    content[len(content) // 2] ^= 1
    Path(tmp_path, "steps_euclidean.npz").write_bytes(content)
    with pytest.raises(ValueError, match="must be as the manifest says: its sha256 differs"):
        oracle.load_cases("steps_euclidean", tmp_path)
    assert oracle.load_cases("transformer-small-float64-*", tmp_path)
