import axios from "axios";
import { useState } from "react";

// Sends the chosen file as profile_picture and shows what the server made of it.
export default function ProfilePictureUpload() {
  const [file, setFile] = useState(null);
  const [imageUrl, setImageUrl] = useState("");
  const [message, setMessage] = useState("");

  const handleUpload = async () => {
    const formData = new FormData();
    formData.append("profile_picture", file);
    try {
      const response = await axios.post("/upload-profile", formData, {
        headers: { "Content-Type": "multipart/form-data" },
      });
      setImageUrl(response.data.imageUrl);
      setMessage("");
    } catch (error) {
      setMessage(error.response?.data?.message ?? "Upload failed");
    }
  };

  return (
    <section>
      <input type="file" aria-label="Profile picture" onChange={(e) => setFile(e.target.files[0])} />
      <button type="button" onClick={handleUpload}>
        Upload
      </button>
      {imageUrl && <img id="uploaded" src={imageUrl} alt="Uploaded" width="150" />}
      {message && <p role="alert">{message}</p>}
    </section>
  );
}
