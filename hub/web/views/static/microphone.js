// In the browser's sound thread: 16,000 samples a second, 16 bits, in blocks of 20 ms.

const RATE = 16_000;
const BLOCK = RATE / 50;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.sum = 0; // of the samples that become one
    this.weight = 0;
    this.step = sampleRate / RATE;
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      const left = this.step - this.weight; // of this sample, what belongs to the present one
      if (left > 1) {
        this.sum += sample;
        this.weight += 1;
      } else {
        this.add((this.sum + sample * left) / this.step);
        this.sum = sample * (1 - left);
        this.weight = 1 - left;
      }
    }
    return true;
  }

  add(sample) {
    this.block[this.filled] = Math.max(-1, Math.min(1, sample)) * 32_767;
    this.filled += 1;
    if (this.filled < BLOCK) return;
    this.port.postMessage(this.block);
    this.filled = 0;
  }
}

registerProcessor("microphone", Microphone);
