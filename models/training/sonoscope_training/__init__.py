"""Networks of sonoscope: definitions, training, evaluation, export to ONNX, quantization."""
