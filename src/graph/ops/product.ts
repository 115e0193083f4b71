// product: the node for a batch of matrix products, which the gradients of the attentions are made of.

import { product as productKernel } from '../../kernels/product.ts';
import { call, type Node, type Op, type Shape } from '../node.ts';
import { type MatmulChoice, matmulCall, matmulDefaults } from './matmul.ts';

/** As of `matmulCall`, without padding other than 0. */
export type ProductChoice = Omit<MatmulChoice, 'LOWEST'>;

export interface ProductAttributes {
  readonly choice: ProductChoice;
  /** At which binding of the kernel each input stands. */
  readonly bindings: readonly string[];
}

/** What stands at the bindings of `matmul`; the order of the properties is that of the node's inputs. */
export interface ProductInputs {
  readonly a: Node;
  readonly b: Node;
  readonly residual?: Node;
  readonly gamma?: Node;
}

const productOp: Op<ProductAttributes> = {
  name: 'product',
  lower(node, target) {
    const { choice, bindings } = node.attributes;
    const buffers = { ...Object.fromEntries(bindings.map((binding, i) => [binding, node.inputs[i]!])), y: node };
    if (target.family !== 'software') return [matmulCall(choice, buffers, target)];
    return [call(productKernel, { ...matmulDefaults, ...choice, WORKGROUP: 64 }, buffers)];
  },
};

/** As `matmulCall`: y = ALPHA A B, gamma[GAMMA] ALPHA A B (`SCALED`) or residual + gamma[GAMMA] ALPHA A B (`RESIDUAL`). */
export function product(name: string, shape: Shape, choice: ProductChoice, values: ProductInputs): Node {
  const attributes = { choice, bindings: Object.keys(values) };
  return { op: productOp, inputs: Object.values(values), attributes, shape, dtype: 'f32', name };
}

/** How the matrices of one operand lie: rows so many elements apart, those of a group, those of an image. */
export interface Strides {
  readonly row: number;
  readonly group?: number;
  readonly batch: number;
}

/** The knobs for operands that lie so. */
export const lying = (a: Strides, b: Strides, y: Strides) => ({
  ...{ A_ROW: a.row, A_GROUP: a.group ?? 0, A_BATCH: a.batch },
  ...{ B_ROW: b.row, B_GROUP: b.group ?? 0, B_BATCH: b.batch },
  ...{ Y_ROW: y.row, Y_GROUP: y.group ?? 0, Y_BATCH: y.batch },
});
