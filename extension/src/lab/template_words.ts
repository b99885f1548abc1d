// What the templates are called. As literals at `trans.__`, for a translator's tools read the source.

import type { TranslationBundle } from "@jupyterlab/translation";

export interface TemplateWords {
  title: string;
  caption: string;
}

/** The words of every template, by its name. */
export function templateWords(trans: TranslationBundle): Record<string, TemplateWords> {
  return {
    matmul: {
      title: trans.__("Matrix product"),
      caption: trans.__("A product of two matrices as three loops, ready to be shaped"),
    },
    conv2d: {
      title: trans.__("Convolution"),
      caption: trans.__("Images and filters, with the padding as part of the expression"),
    },
    softmax: {
      title: trans.__("Softmax"),
      caption: trans.__("Two folds over a row and an exponential: bound by memory"),
    },
    attention: {
      title: trans.__("Attention"),
      caption: trans.__("Scores, softmax and values: when does fusing them pay?"),
    },
    scratch: {
      title: trans.__("From scratch"),
      caption: trans.__("An expression of your own, one line to begin with"),
    },
  };
}
