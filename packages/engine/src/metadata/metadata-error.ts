/** Why bytes are not usable metadata. `message` is a sentence without the name of the device. */
export interface MetadataError {
  readonly kind: 'metadata-error';
  readonly code: 'no-magic' | 'truncated' | 'out-of-range' | 'not-for-this-place' | 'bad-transaction';
  readonly message: string;
}

export function metadataError(code: MetadataError['code'], message: string): MetadataError {
  return { kind: 'metadata-error', code, message };
}

export function isMetadataError(value: { readonly kind: string } | null): value is MetadataError {
  return value !== null && value.kind === 'metadata-error';
}
