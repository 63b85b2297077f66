// Answers the oracle's questions on gradients (Stiefel, float64), with ndarray 0.17 and ndarray-npy 0.10.0:
//     python -m manifold_opt oracle check --command target/release/answer --operations riemannian_gradient
use ndarray::{Array3, Axis};
use ndarray_npy::{NpzReader, NpzWriter};
use std::{env, error::Error, fs, fs::File};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = env::args().skip(1).collect();
    let mut questions = NpzReader::new(File::open(&files[0])?)?;
    let mut answers = NpzWriter::new(File::create(&files[1])?);
    for line in fs::read_to_string(files[0].replace(".npz", ".tsv"))?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (path, dtype) = (format!("{}/{}", fields[0], fields[1]), fields[3]);
        if fields[1] != "riemannian_gradient" || dtype != "float64" || !fields.contains(&"space=stiefel") {
            continue;
        }
        let y: Array3<f64> = questions.by_name(&format!("{path}/Y"))?;
        let dl: Array3<f64> = questions.by_name(&format!("{path}/dL"))?;
        let mut grad = y.clone();
        for (k, mut result) in grad.outer_iter_mut().enumerate() {
            let y = y.index_axis(Axis(0), k);
            let x = dl.index_axis(Axis(0), k).dot(&y.t());
            result.assign(&(&x - &x.t()).dot(&y));
        }
        answers.add_array(format!("{path}/grad"), &grad)?;
    }
    answers.finish()?;
    Ok(())
}
