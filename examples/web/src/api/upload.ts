import { base, proven, type Answer } from "./client.ts";
import { ApiError, problem, unreachable } from "./error.ts";
import type { PictureSet } from "./types.ts";
import type { Crop } from "../logic/crop.ts";

export interface Upload {
  file: File;
  crop: Crop | null;
  // onProgress is told the part that was sent, 0 to 1. At 1 the server works.
  onProgress(sent: number): void;
  signal: AbortSignal;
}

// uploadPicture uses XMLHttpRequest, since fetch cannot tell how much of a
// body was sent.
export function uploadPicture(u: Upload): Promise<Answer<PictureSet>> {
  return proven(() => send(u));
}

function send({ file, crop, onProgress, signal }: Upload): Promise<Answer<PictureSet>> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const query = crop ? `?crop=${crop.x},${crop.y},${crop.size}` : "";
    xhr.open("PUT", `${base}/profile/picture${query}`);
    xhr.setRequestHeader("Accept", "application/json, application/problem+json");
    xhr.upload.addEventListener("progress", (e) => {
      if (e.lengthComputable && e.total > 0) onProgress(e.loaded / e.total);
    });
    xhr.upload.addEventListener("load", () => onProgress(1));
    xhr.addEventListener("load", () => {
      const header = (name: string) => xhr.getResponseHeader(name);
      if (xhr.status < 200 || xhr.status > 299) {
        reject(problem(xhr.status, header, xhr.responseText));
        return;
      }
      try {
        resolve({ data: JSON.parse(xhr.responseText) as PictureSet, etag: header("ETag") });
      } catch {
        reject(problem(xhr.status, () => null, ""));
      }
    });
    xhr.addEventListener("error", () => reject(unreachable()));
    xhr.addEventListener("abort", () => reject(new ApiError({ status: 0, code: "aborted", detail: "Cancelled." })));
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    const form = new FormData();
    form.append("profile_picture", file);
    xhr.send(form);
  });
}
