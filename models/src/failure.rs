//! What a card's failures mean, by ONNX Runtime's words: it has no code for them.

use ort::ErrorCode;

use crate::{NetworkError, Provider};

/// What CUDA says when memory is short.
const NO_ROOM: [&str; 5] = [
    "out of memory",
    "failed to allocate memory",
    "cudaerrormemoryallocation",
    "bad_alloc",
    // Of an arena that may take no more.
    "available memory of",
];

/// What is said of a card that answers no more.
const LOST: [&str; 6] = [
    "gpu is lost",
    "device lost",
    "has fallen off the bus",
    "uncorrectable",
    "illegal memory access",
    "unspecified launch failure",
];

/// What comes before the number of a `cudaError_t`, in the words of ONNX Runtime and of TensorRT.
const NUMBERED: [&str; 3] = ["cuda failure ", "cuda error ", "cudaerror "];

/// Whether a card has said that its memory is full.
pub(crate) fn has_no_room(error: &NetworkError) -> bool {
    let NetworkError::Run { source, .. } = error else {
        return false;
    };
    says(source, &NO_ROOM)
}

/// The same error, or one that says that the card is lost, or that not even the network has room
/// there, if that is what it means.
pub(crate) fn told(error: NetworkError, provider: Provider) -> NetworkError {
    match error {
        error if provider == Provider::Cpu => error,
        NetworkError::Run { file, source } | NetworkError::Open { file, source }
            if is_lost(&source) =>
        {
            NetworkError::CardLost {
                file,
                provider,
                source,
            }
        }
        NetworkError::Open { file, source } if says(&source, &NO_ROOM) => NetworkError::NoRoom {
            file: file.clone(),
            fits: 0,
            source: Box::new(NetworkError::Open { file, source }),
        },
        other => other,
    }
}

/// Whether a card has failed in such a way that this process can use it no more.
fn is_lost(error: &ort::Error) -> bool {
    let number = number(&error.message().to_lowercase());
    error.code() == ErrorCode::DeviceReset
        || number.is_some_and(is_lasting)
        || (number.is_none() && says(error, &LOST))
}

/// Whether CUDA repeats an error of this number until the process ends, or the card is reset.
fn is_lasting(number: u32) -> bool {
    match number {
        // The driver is going, no card is there, or it is another process's.
        4 | 46 | 100 | 101 => true,
        // Memory or links with errors that could not be put right.
        214 | 219 | 220 | 226 => true,
        // What a kernel did wrong, or took too long for, and whatever is called after that.
        700 | 702 | 709 | 710 | 714..=719 => true,
        999 => true,
        _ => false,
    }
}

fn number(says: &str) -> Option<u32> {
    let rest = NUMBERED
        .iter()
        .find_map(|words| says.split_once(words).map(|(_, rest)| rest))?;
    let digits = rest.trim_start_matches("code ");
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().ok()
}

fn says(error: &ort::Error, words: &[&str]) -> bool {
    let says = error.message().to_lowercase();
    words.iter().any(|words| says.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Runtime;

    fn error(message: &str) -> NetworkError {
        // Its errors are its own.
        Runtime::load().expect("`make setup` was run");
        NetworkError::Run {
            file: "frame.onnx".into(),
            source: ort::Error::new(message),
        }
    }

    /// As ONNX Runtime says it, with what follows left out.
    fn cuda(number: u32, words: &str) -> NetworkError {
        error(&format!(
            "CUDA failure {number}: {words} ; GPU=1 ; hostname=h ; expr=cudaStreamSynchronize(x);"
        ))
    }

    #[test]
    fn a_card_that_is_lost_is_named_with_what_to_do() {
        for lost in [
            cuda(999, "unknown error"),
            cuda(719, "unspecified launch failure"),
            cuda(700, "an illegal memory access was encountered"),
            cuda(214, "uncorrectable ECC error encountered"),
            cuda(46, "all CUDA-capable devices are busy or unavailable"),
            error("Cuda error code 700: in enqueueV3"),
            error("The GPU is lost"),
        ] {
            let before = lost.to_string();
            assert!(!has_no_room(&lost), "{before}");
            let told = told(lost, Provider::Cuda(1));
            assert!(matches!(told, NetworkError::CardLost { .. }), "{before}");
            let text = told.to_string();
            for part in ["frame.onnx: cuda:1 is lost", "tip: `nvidia-smi`", "--state"] {
                assert!(text.contains(part), "{text}");
            }
        }
    }

    #[test]
    fn other_failures_stay_what_they_are() {
        let memory = cuda(2, "out of memory");
        assert!(has_no_room(&memory));
        for (error, provider) in [
            (memory, Provider::Cuda(0)),
            (cuda(1, "invalid argument"), Provider::Cuda(0)),
            (cuda(719, "on no card"), Provider::Cpu),
            (error("Non-zero status code returned"), Provider::Cuda(0)),
        ] {
            let told = told(error, provider);
            assert!(matches!(told, NetworkError::Run { .. }), "{told}");
        }
    }

    #[test]
    fn a_network_that_has_no_room_itself_is_told_so() {
        let open = |message: &str| {
            error(message);
            let (file, source) = ("frame.onnx".into(), ort::Error::new(message));
            told(NetworkError::Open { file, source }, Provider::Cuda(0))
        };
        let full = open("Available memory of 100 is smaller than requested bytes of 200");
        assert!(
            matches!(full, NetworkError::NoRoom { fits: 0, .. }),
            "{full}"
        );
        let broken = open("Protobuf parsing failed");
        assert!(matches!(broken, NetworkError::Open { .. }), "{broken}");
    }
}
