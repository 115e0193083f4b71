// Families of kernels, as the strip of layers colours them.

export interface KernelFamily {
  /** The class in style.css. */
  readonly id: string;
  readonly label: string;
}

const rules: readonly (readonly [RegExp, KernelFamily])[] = [
  [/^winograd/, { id: 'winograd', label: 'Winograd 3 x 3' }],
  [/^conv2d/, { id: 'convolution', label: 'Convolution' }],
  [/^(attend|attentionMap|normaliseGram)/, { id: 'attention', label: 'Attention' }],
  [/^(matmul|linear|dot)/, { id: 'product', label: 'Matrix product' }],
  [/Pool/, { id: 'pool', label: 'Pooling' }],
  [/^resize/, { id: 'resize', label: 'Resize of the photo' }],
];
const other: KernelFamily = { id: 'other', label: 'Sums, copies, the rest' };

export const familyOf = (kernel: string): KernelFamily => rules.find(([pattern]) => pattern.test(kernel))?.[1] ?? other;
