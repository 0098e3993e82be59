// SCIMMY under Express, with people in memory: node server.mjs FOLDER TOKEN. Prints its port.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

const [folder, token] = process.argv.slice(2);
const installed = createRequire(new URL(`./${folder}/package.json`, import.meta.url));
const express = installed("express");
const { SCIMMYRouters, SCIMMY } = installed("scimmy-routers");
const { Attribute, SchemaDefinition } = SCIMMY.Types;

const URN = "urn:ietf:params:scim:schemas:extension:vidigami:2.0";
const text = (name) => new Attribute("string", name);
const userExtension = new SchemaDefinition("Vidigami user", `${URN}:User`, "A school's person", [
    ...["memberType", "gradYear", "status", "role", "origin", "deactivatedBy"].map(text),
    new Attribute("boolean", "optOut"),
    new Attribute("complex", "parents", { multiValued: true }, [new Attribute("string", "value")]),
]);
const groupExtension = new SchemaDefinition("Vidigami group", `${URN}:Group`, "A school's group", [
    ...["category", "origin"].map(text),
]);

const problem = (status, kind, message) => new SCIMMY.Types.Error(status, kind, message);

/** Keeps resources of one type; `taken` says whether another resource stands in the way of one. */
function declare(Resource, taken) {
    const held = new Map();
    SCIMMY.Resources.declare(Resource, {
        egress: ({ id, filter, constraints = {} }) => {
            if (id !== undefined) {
                if (!held.has(id)) throw problem(404, null, "no such resource");
                return held.get(id);
            }
            const all = [...held.values()];
            return filter ? filter.match(all) : all;
        },
        ingress: ({ id }, data) => {
            const given = JSON.parse(JSON.stringify(data));
            for (const other of held.values())
                if (other.id !== id && taken(other, given)) throw problem(409, "uniqueness", "taken");
            const before = id === undefined ? {} : held.get(id);
            if (before === undefined) throw problem(404, null, "no such resource");
            const now = new Date().toISOString();
            const meta = { ...before.meta, created: before.meta?.created ?? now, lastModified: now };
            const kept = { ...given, id: id ?? randomUUID(), meta };
            held.set(kept.id, kept);
            return kept;
        },
        degress: ({ id }) => {
            if (!held.delete(id)) throw problem(404, null, "no such resource");
        },
    });
    return held;
}

const fold = ({ userName }) => userName.toLowerCase();  // as its schema says
declare(SCIMMY.Resources.User, (one, other) => fold(one) === fold(other));
declare(SCIMMY.Resources.Group, () => false);
SCIMMY.Resources.declared("User").extend(userExtension, false);
SCIMMY.Resources.declared("Group").extend(groupExtension, false);

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("who is there?");
        return "tests";
    },
}));
const server = createServer(app);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();  // gone with whoever started it
