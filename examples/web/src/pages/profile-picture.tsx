import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { describe } from "../logic/errors.ts";
import { useAccount } from "../session.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { useToast } from "../ui/toast.tsx";
import { PictureDialog } from "./picture-dialog.tsx";

// Picture is the head of the profile page: who it is, and the picture.
export function Picture() {
  const { user, reload } = useAccount();
  const toast = useToast();
  const [dialog, setDialog] = useState<"none" | "upload" | "remove">("none");
  const [removing, setRemoving] = useState(false);
  const [dropped, setDropped] = useState<File | null>(null);
  const [over, setOver] = useState(false);

  const remove = async () => {
    setRemoving(true);
    try {
      await api.removePicture();
      await reload();
      toast("good", "Picture removed.");
    } catch (err) {
      toast("bad", `The picture was not removed. ${describe(err)}`);
    }
    setRemoving(false);
    setDialog("none");
  };

  return (
    // Dropping is a shortcut; the button does the same.
    <section
      className={`card hero${over ? " hero-over" : ""}`}
      aria-label="Picture"
      onDragOver={(e) => {
        if (!e.dataTransfer.types.includes("Files")) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        setOver(false);
        const file = e.dataTransfer.files[0];
        if (!file) return;
        e.preventDefault();
        setDropped(file);
        setDialog("upload");
      }}
    >
      <Avatar user={user} size={96} alt="Your picture" />
      <div className="hero-text">
        <p className="hero-name">{user.displayName || user.username}</p>
        <p className="hint">@{user.username}</p>
        <div className="hero-actions">
          <Button icon="camera" onClick={() => setDialog("upload")}>
            {user.profilePicture ? "Change picture" : "Add a picture"}
          </Button>
          {user.profilePicture && (
            <Button look="quiet" onClick={() => setDialog("remove")}>
              Remove
            </Button>
          )}
        </div>
      </div>
      {dialog === "upload" && (
        <PictureDialog
          first={dropped}
          onClose={() => {
            setDropped(null);
            setDialog("none");
          }}
        />
      )}
      {dialog === "remove" && (
        <Confirm title="Remove your picture?" confirm="Remove picture" danger busy={removing} onCancel={() => setDialog("none")} onConfirm={() => void remove()}>
          <p>Your initials are shown instead. You can upload a picture again at any time.</p>
        </Confirm>
      )}
    </section>
  );
}
