/** How a server stores a vector of a vector set: normalised to length 1, in 32-bit arithmetic, then quantised. */

export type Quantization = 'NOQUANT' | 'Q8' | 'BIN';

/** The bytes of the stored vector. */
export function storedVector(vector: Float32Array, quantization: Quantization): Buffer {
  const unit = normalized(vector);
  if (quantization === 'Q8') return quantizedToBytes(unit);
  return quantization === 'BIN' ? quantizedToBits(unit) : Buffer.from(unit.buffer);
}

/** The product of a matrix and a vector, row by row and rounded to 32 bits at each step. */
export function projected(vector: Float32Array, matrix: Float32Array): Float32Array {
  const out = new Float32Array(matrix.length / vector.length);
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    for (const [i, component] of vector.entries()) {
      sum = Math.fround(sum + Math.fround(component * matrix[row * vector.length + i]));
    }
    out[row] = sum;
  }
  return out;
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.fround(Math.sqrt(sumOfSquares(vector)));
  return length === 0 ? vector.slice() : vector.map((component) => component / length);
}

/** Rounded as the servers do: four squares are added up, then their sum to the total; what is left over one by one. */
function sumOfSquares(vector: Float32Array): number {
  const square = (i: number): number => Math.fround(vector[i] * vector[i]);
  const whole = vector.length - (vector.length % 4);
  let total = 0;
  for (let i = 0; i < whole; i += 4) {
    let four = square(i);
    for (let j = 1; j < 4; j++) four = Math.fround(four + square(i + j));
    total = Math.fround(total + four);
  }
  for (let i = whole; i < vector.length; i++) total = Math.fround(total + square(i));
  return total;
}

/** Signed bytes: the largest component in size becomes 127 or -127. */
function quantizedToBytes(unit: Float32Array): Buffer {
  let largest = 0;
  for (const component of unit) largest = Math.max(largest, Math.abs(component));
  const bytes = Buffer.alloc(unit.length);
  if (largest === 0) return bytes;
  const scale = Math.fround(127 / largest);
  for (const [i, component] of unit.entries()) {
    const scaled = Math.fround(component * scale);
    const size = Math.min(Math.floor(Math.abs(scaled) + 0.5), 127);
    bytes.writeInt8(scaled < 0 ? -size : size, i);
  }
  return bytes;
}

/** One bit a component, set where it is positive, in words of 64 bits. */
function quantizedToBits(unit: Float32Array): Buffer {
  const bytes = Buffer.alloc(Math.ceil(unit.length / 64) * 8);
  for (const [i, component] of unit.entries()) if (component > 0) bytes[i >> 3] |= 1 << (i & 7);
  return bytes;
}
