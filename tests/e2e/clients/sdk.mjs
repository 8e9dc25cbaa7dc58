// What an admin's own script does with the Azure SDK for JavaScript. It knows the lab by the environment of
// `tgwizard lab env` alone, and prints what it met as one JSON document.

import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential } from "@azure/identity";

const env = process.env;
const [endpoint, subscription] = [env.TGWIZARD_LAB_ARM, env.AZURE_SUBSCRIPTION_ID];
const [group, floating] = ["rg-tg-prod", "10.20.2.50"];
const [nicA, nicB] = ["tg-node-a-inside", "tg-node-b-inside"];

const credential = new ClientSecretCredential(env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID, env.AZURE_CLIENT_SECRET, {
  authorityHost: env.AZURE_AUTHORITY_HOST,
  disableInstanceDiscovery: true,
});
// With an endpoint alone: the token is asked for that address.
const network = new NetworkManagementClient(credential, subscription, { endpoint });
const compute = new ComputeManagementClient(credential, subscription, { endpoint });
const resources = new ResourceManagementClient(credential, subscription, { endpoint });
const authorization = new AuthorizationManagementClient(credential, subscription, { endpoint });

async function names(pages) {
  const found = [];
  for await (const item of pages) found.push(item.name);
  return found.sort();
}

async function refused(call) {
  try {
    await call();
    return [];
  } catch (error) {
    return [error.statusCode, error.code];
  }
}

const put = (nic, body, etag) =>
  network.networkInterfaces.beginCreateOrUpdateAndWait(group, nic, body, {
    requestOptions: { customHeaders: etag ? { "If-Match": etag } : {} },
  });

async function listed(nic) {
  const found = await network.networkInterfaces.get(group, nic);
  return found.ipConfigurations.some((item) => item.privateIPAddress === floating);
}

async function moved(source, target) {
  const loser = await network.networkInterfaces.get(group, source);
  const stale = loser.etag;
  const configuration = loser.ipConfigurations.find((item) => item.privateIPAddress === floating);
  loser.ipConfigurations = loser.ipConfigurations.filter((item) => item.privateIPAddress !== floating);
  const early = await network.networkInterfaces.get(group, target);
  early.ipConfigurations.push(configuration);
  const taken = await refused(() => put(target, early));
  const detached = await put(source, loser, stale);
  const again = await refused(() => put(source, loser, stale));
  const gainer = await network.networkInterfaces.get(group, target);
  gainer.ipConfigurations.push(configuration);
  const attached = await put(target, gainer, gainer.etag);
  return {
    taken,
    detached: detached.provisioningState,
    stale: again,
    attached: attached.provisioningState,
    holders: [await listed(source), await listed(target)],
  };
}

async function tagged() {
  const nic = await network.networkInterfaces.updateTags(group, nicA, { tags: { sdk: "javascript" } });
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}`;
  const merge = { operation: "Merge", properties: { tags: { owner: "net" } } };
  await resources.tagsOperations.beginUpdateAtScopeAndWait(scope, merge);
  return { nic: nic.tags, group: (await resources.tagsOperations.getAtScope(scope)).properties.tags };
}

async function groups() {
  const made = await resources.resourceGroups.createOrUpdate("rg-js", { location: "westeurope" });
  const there = (await resources.resourceGroups.checkExistence("rg-js")).body;
  await resources.resourceGroups.beginDeleteAndWait("rg-js");
  const gone = (await resources.resourceGroups.checkExistence("rg-js")).body;
  const filter = "resourceType eq 'Microsoft.Network/networkInterfaces'";
  return {
    made: made.properties.provisioningState,
    there: [there, gone],
    nics: await names(resources.resources.list({ filter })),
    "nics of the group": await names(resources.resources.listByResourceGroup(group, { filter })),
  };
}

async function rights() {
  const scope = `/subscriptions/${subscription}`;
  const roles = [];
  for await (const role of authorization.roleDefinitions.list(scope, { filter: "roleName eq 'Reader'" })) roles.push(role);
  const held = await names(authorization.roleAssignments.listForScope(scope, { filter: "atScope()" }));
  return { reader: roles[0].roleType, held: held.length > 0 };
}

const view = await compute.virtualMachines.instanceView(group, "tg-node-a");
const [vnet] = await names(network.virtualNetworks.list(group));
const first = (await network.virtualNetworks.get(group, vnet)).subnets[0].name;

console.log(
  JSON.stringify({
    nics: await names(network.networkInterfaces.list(group)),
    "all nics": await names(network.networkInterfaces.listAll()),
    vms: await names(compute.virtualMachines.listAll()),
    power: view.statuses.map((item) => item.code),
    computer: view.computerName,
    free: (await network.virtualNetworks.checkIPAddressAvailability(group, vnet, floating)).available,
    move: await moved(nicA, nicB),
    back: await moved(nicB, nicA),
    tags: await tagged(),
    groups: await groups(),
    rights: await rights(),
    absent: await refused(() => network.networkInterfaces.get(group, "absent")),
    "not served": await refused(() =>
      network.networkInterfaces.beginListEffectiveNetworkSecurityGroupsAndWait(group, nicA),
    ),
    "not allowed": await refused(() => network.subnets.beginDeleteAndWait(group, vnet, first)),
  }),
);
