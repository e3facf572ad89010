import { ask } from "../../../lib/upstream";

const handler = async (req, res) => {
  const { rows } = await ask("rows");
  if (!rows.length) {
    res.status(200).json({ message: "nothing" });
    return;
  }
  try {
    await ask("store", rows);
    res.json({ stored: rows.length, limit: req.query.limit });
  } catch (error) {
    console.error(error);
    res.status(500).json({ message: "not stored" });
  }
};

export default handler;
