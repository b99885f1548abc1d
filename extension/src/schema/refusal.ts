// Why a request was refused.

/** Why a request was refused, in the words of tvmlab.errors.Refusal. */
export interface RefusalView {
  asked: string;
  where: string;
  why: string;
  instead: string;
}
