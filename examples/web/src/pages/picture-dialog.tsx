import { useCallback, useEffect, useRef, useState, type DragEvent } from "react";
import { ApiError } from "../api/error.ts";
import { uploadPicture } from "../api/upload.ts";
import { cropOf, frameOf, type Frame } from "../logic/crop.ts";
import { describeUpload } from "../logic/errors.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { useToast } from "../ui/toast.tsx";
import { Cropper, CropPreview } from "./cropper.tsx";

const mostBytes = 10 * 1024 * 1024;
const accepted = "image/jpeg,image/png,image/gif,image/webp,image/heic,image/heif";

interface Chosen {
  file: File;
  url: string;
  // frame is null until the picture is shown, and for one that this browser
  // cannot show; the server has the last word on what is a picture.
  frame: Frame | null;
  unseen: boolean;
}

export function PictureDialog({ first, onClose }: { first: File | null; onClose(): void }) {
  const { setUser } = useAccount();
  const toast = useToast();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [sent, setSent] = useState<number | null>(null); // null: nothing is on its way
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController | null>(null);

  const choose = useCallback((file: File) => {
    setError(null);
    if (file.size > mostBytes) {
      setError(describeUpload(new ApiError({ status: 413, code: "too_large", detail: "" })));
      return;
    }
    if (file.type !== "" && !file.type.startsWith("image/")) {
      setError(describeUpload(new ApiError({ status: 415, code: "unsupported_media_type", detail: "" })));
      return;
    }
    setChosen({ file, url: URL.createObjectURL(file), frame: null, unseen: false });
  }, []);

  const url = chosen?.url;
  useEffect(() => () => (url ? URL.revokeObjectURL(url) : undefined), [url]);
  // A file dropped onto the page behind comes as if it was chosen here.
  useEffect(() => {
    if (first) choose(first);
  }, [first, choose]);
  useEffect(() => () => abort.current?.abort(), []);

  const seen = (width: number, height: number) => setChosen((c) => c && { ...c, frame: c.frame ?? frameOf(width, height) });
  const unseen = () => setChosen((c) => c && { ...c, unseen: true });

  const upload = async () => {
    if (!chosen || sent !== null) return;
    abort.current = new AbortController();
    setError(null);
    setSent(0);
    try {
      const { data, etag } = await uploadPicture({
        file: chosen.file,
        crop: chosen.frame && cropOf(chosen.frame),
        onProgress: setSent,
        signal: abort.current.signal,
      });
      setUser(data.user, etag);
      toast("good", "Your picture is up.");
      onClose();
    } catch (err) {
      if (!(err instanceof ApiError && err.code === "aborted")) setError(describeUpload(err));
      setSent(null);
    }
  };

  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    const file = e.dataTransfer.files[0];
    if (file && sent === null) choose(file);
  };

  const sending = sent !== null;
  return (
    <Dialog
      title="Profile picture"
      locked={sending}
      onClose={onClose}
      footer={
        sending ? (
          <Button onClick={() => abort.current?.abort()}>Cancel upload</Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" icon="upload" disabled={!chosen || (!chosen.frame && !chosen.unseen)} onClick={() => void upload()}>
              Upload
            </Button>
          </>
        )
      }
    >
      <div className={`picture-drop${over ? " picture-drop-over" : ""}`} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
        <input
          ref={input}
          type="file"
          accept={accepted}
          name="profile_picture"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="Picture file"
          onChange={(e) => {
            const file = e.target.files?.[0];
            e.target.value = "";
            if (file) choose(file);
          }}
        />
        {!chosen && (
          <button type="button" className="picture-choose" data-focus onClick={() => input.current?.click()}>
            <span className="empty-icon">
              <Icon name="image" size={24} />
            </span>
            <span className="picture-choose-title">Choose a picture or drop it here</span>
            <span className="hint">JPEG, PNG, GIF, WebP or HEIC, up to 10 MB</span>
          </button>
        )}
        {chosen && (
          <>
            {chosen.unseen ? (
              <p className="picture-unseen">
                <Icon name="image" size={24} />
                <span>This browser cannot show “{chosen.file.name}”. You can try to upload it all the same.</span>
              </p>
            ) : (
              <div className="picture-crop">
                <Cropper url={chosen.url} frame={chosen.frame} disabled={sending} onSize={seen} onFail={unseen} onFrame={(frame) => setChosen((c) => c && { ...c, frame })} />
                <div className="picture-previews" aria-hidden="true">
                  <CropPreview url={chosen.url} frame={chosen.frame} size={96} />
                  <CropPreview url={chosen.url} frame={chosen.frame} size={36} />
                </div>
              </div>
            )}
            {!sending && (
              <Button look="quiet" icon="image" onClick={() => input.current?.click()}>
                Choose another
              </Button>
            )}
          </>
        )}
      </div>
      {sending && (
        <div className="progress-block">
          <div className="progress-text">
            <span>{sent < 1 ? "Uploading…" : "Preparing your picture…"}</span>
            <span>{Math.round(sent * 100)} %</span>
          </div>
          <progress aria-label="Upload" value={sent < 1 ? sent : undefined} max={1} />
        </div>
      )}
      <div role="alert">
        {error && (
          <div className="notice notice-bad">
            <Icon name="alert" />
            <p>{error}</p>
          </div>
        )}
      </div>
    </Dialog>
  );
}
