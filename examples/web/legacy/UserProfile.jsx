import axios from "axios";
import { useEffect, useState } from "react";

// Shows who is signed in.
export default function UserProfile() {
  const [user, setUser] = useState(null);

  useEffect(() => {
    axios.get("/api/profile").then((response) => setUser(response.data));
  }, []);

  if (!user) return <p>Loading...</p>;
  return (
    <section>
      <img id="current" src={user.profilePicture || "/default-avatar.png"} alt="Profile" width="150" />
      <h2>{user.username}</h2>
      <p>{user.email}</p>
    </section>
  );
}
