// The two components of the application that profilekit replaces, on one page.
import { createRoot } from "react-dom/client";
import ProfilePictureUpload from "./ProfilePictureUpload.jsx";
import UserProfile from "./UserProfile.jsx";

createRoot(document.getElementById("root")).render(
  <>
    <UserProfile />
    <ProfilePictureUpload />
  </>,
);
