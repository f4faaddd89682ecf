import type { StoredFile } from "../file.ts";

export interface WireFile {
  id: string;
  name: string | null;
  media_type: string;
  size: number;
  sha256: string;
  created_at: string;
  purpose?: string | undefined;
}

export interface WireFileList {
  data: WireFile[];
  has_more: boolean;
}

export function fileToWire({ mediaType, createdAt, ...file }: StoredFile): WireFile {
  return { ...file, media_type: mediaType, created_at: createdAt };
}

export function fileFromWire({
  media_type: mediaType,
  created_at: createdAt,
  purpose,
  ...file
}: WireFile): StoredFile {
  return { ...file, mediaType, createdAt, ...(purpose === undefined ? {} : { purpose }) };
}
