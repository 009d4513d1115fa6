// A session of somebody who knows nothing of tally: Crusoe's published Go client, pointed at the gateway.
//
// It prints a line of JSON for each request, with what the client made of the answer, and ends with 1 at the
// first that the client could not use.
//
//	session ENDPOINT ACCESS_KEY_ID SECRET_KEY
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/antihax/optional"
	"github.com/crusoecloud/client-go/auth/v1"
	crusoe "github.com/crusoecloud/client-go/swagger/v1alpha5"
)

var endpoint = os.Args[1]

// report prints what came of one call, and gives its answer.
func report[T any](call string, answer T, response *http.Response, err error) T {
	if err != nil {
		if refusal, ok := err.(crusoe.GenericSwaggerError); ok {
			err = fmt.Errorf("%w: %s", err, refusal.Body())
		}
		fmt.Fprintf(os.Stderr, "%s: %v\n", call, err)
		os.Exit(1)
	}
	line, _ := json.Marshal(map[string]any{"call": call, "status": response.StatusCode, "decoded": answer})
	fmt.Println(string(line))
	return answer
}

// refused prints a call that must not succeed.
func refused(call string, status int, response *http.Response, err error) {
	if err == nil || response == nil || response.StatusCode != status {
		fmt.Fprintf(os.Stderr, "%s: expected a refusal with %d: %v\n", call, status, err)
		os.Exit(1)
	}
	line, _ := json.Marshal(map[string]any{"call": call, "status": status, "decoded": nil})
	fmt.Println(string(line))
}

// advance moves the gateway's clock on.
func advance(seconds int) {
	base := endpoint[:strings.LastIndex(endpoint, "/")]
	body := strings.NewReader(fmt.Sprintf(`{"seconds": %d}`, seconds))
	response, err := http.Post(base+"/_control/advance", "application/json", body)
	if err != nil || response.StatusCode != http.StatusOK {
		fmt.Fprintf(os.Stderr, "advance: %v %v\n", response, err)
		os.Exit(1)
	}
	response.Body.Close()
	line, _ := json.Marshal(map[string]any{"call": "advance", "status": response.StatusCode, "decoded": nil})
	fmt.Println(string(line))
}

type poll func(ctx context.Context, projectID, operationID string) (crusoe.Operation, *http.Response, error)

// await looks at an operation until it has ended, as Crusoe's own command line and Terraform provider do.
func await(call string, get poll, projectID string, operation *crusoe.Operation) crusoe.Operation {
	for range 20 {
		now, response, err := get(context.Background(), projectID, operation.OperationId)
		report("operation of "+call, now, response, err)
		switch now.State {
		case "SUCCEEDED":
			return now
		case "FAILED":
			fmt.Fprintf(os.Stderr, "%s failed: %v\n", call, *now.Result)
			os.Exit(1)
		}
		advance(120)
	}
	fmt.Fprintf(os.Stderr, "%s does not end\n", call)
	os.Exit(1)
	panic("unreachable")
}

// idOf reads the id of what an operation made from its result.
func idOf(operation crusoe.Operation) string {
	result, _ := (*operation.Result).(map[string]any)
	id, ok := result["id"].(string)
	if !ok {
		fmt.Fprintf(os.Stderr, "the result of an operation has no id: %v\n", *operation.Result)
		os.Exit(1)
	}
	return id
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWVib2R5IHdobyBrbm93cyBub3RoaW5nIGhlcmUh a stranger"

func main() {
	ctx := context.Background()
	configuration := crusoe.NewConfiguration()
	configuration.BasePath = endpoint
	configuration.HTTPClient = &http.Client{Transport: auth.NewAuthenticatingTransport(nil, os.Args[2], os.Args[3])}
	api := crusoe.NewAPIClient(configuration)

	entities, response, err := api.EntitiesApi.GetOrganizations(ctx)
	organizationID := report("GetOrganizations", entities, response, err).Items[0].Id
	all, response, err := api.ProjectsApi.ListProjects(ctx, &crusoe.ProjectsApiListProjectsOpts{
		OrgId: optional.NewString(organizationID), SkipLoadingProjectResources: optional.NewBool(true),
	})
	report("ListProjects", all, response, err)
	made, response, err := api.ProjectsApi.CreateProject(ctx, crusoe.ProjectsPostRequest{
		Name: "stranger", OrganizationId: organizationID,
	})
	projectID := report("CreateProject", made, response, err).Project.Id
	named, response, err := api.ProjectsApi.ListProjects(ctx, &crusoe.ProjectsApiListProjectsOpts{
		OrgId: optional.NewString(organizationID), ProjectName: optional.NewString("stranger"),
	})
	report("ListProjects by name", named, response, err)
	identity, response, err := api.IdentitiesApi.GetUserIdentity(ctx)
	report("GetUserIdentity", identity, response, err)

	types, response, err := api.VMsApi.GetVMTypes(ctx, projectID)
	report("GetVMTypes", types, response, err)
	images, response, err := api.ImagesApi.ListImages(ctx, nil)
	report("ListImages", images, response, err)
	room, response, err := api.CapacitiesApi.ListSliceCapacities(ctx, &crusoe.CapacitiesApiListSliceCapacitiesOpts{
		ProductName: optional.NewInterface([]string{"c1a.8x", "l40s-48gb.1x"}),
		Location:    optional.NewInterface([]string{"us-southcentral1-a", "us-northcentral1-a"}),
	})
	report("ListSliceCapacities", room, response, err)

	network, response, err := api.VPCNetworksApi.CreateVPCNetwork(ctx, crusoe.VpcNetworkPostRequest{
		Name: "stranger-net", Cidr: "10.200.0.0/16",
	}, projectID)
	networkID := report("CreateVPCNetwork", network, response, err).Network.Id
	subnet, response, err := api.VPCSubnetsApi.CreateVPCSubnet(ctx, crusoe.VpcSubnetPostRequest{
		Name: "stranger-subnet", Cidr: "10.200.1.0/24", Location: "us-southcentral1-a", VpcNetworkId: networkID,
	}, projectID)
	subnetID := report("CreateVPCSubnet", subnet, response, err).Subnet.Id

	disk, response, err := api.DisksApi.CreateDisk(ctx, crusoe.DisksPostRequestV1Alpha5{
		Name: "stranger-data", Location: "us-southcentral1-a", Size: "100GiB", Type_: "persistent-ssd",
	}, projectID)
	askedDisk := report("CreateDisk", disk, response, err)
	diskID := idOf(await("CreateDisk", api.DiskOperationsApi.GetStorageDisksOperation, projectID, askedDisk.Operation))
	_, response, err = api.DisksApi.CreateDisk(ctx, crusoe.DisksPostRequestV1Alpha5{
		Name: "stranger-data", Location: "us-southcentral1-a", Size: "1TiB",
	}, projectID)
	refused("CreateDisk of a taken name", http.StatusConflict, response, err)

	vmIDs := []string{}
	for _, name := range []string{"stranger-1", "stranger-2", "stranger-3"} {
		vm, response, err := api.VMsApi.CreateInstance(ctx, crusoe.InstancesPostRequestV1Alpha5{
			Name: name, Type_: "c1a.8x", Location: "us-southcentral1-a", SshPublicKey: publicKey, Image: images.Items[0].Name,
			NetworkInterfaces: []crusoe.NetworkInterface{{Network: networkID, Subnet: subnetID}},
		}, projectID)
		askedVM := report("CreateInstance", vm, response, err)
		vmIDs = append(vmIDs, idOf(await("CreateInstance", api.VMOperationsApi.GetComputeVMsInstancesOperation, projectID, askedVM.Operation)))
	}
	page, response, err := api.VMsApi.ListInstances(ctx, projectID, &crusoe.VMsApiListInstancesOpts{
		Names:     optional.NewString("stranger-1,stranger-2,stranger-3"),
		Locations: optional.NewString("us-southcentral1-a"),
		States:    optional.NewString("STATE_RUNNING,RUNNING"),
		Limit:     optional.NewString("2"),
	})
	first := report("ListInstances", page, response, err)
	rest, response, err := api.VMsApi.ListInstances(ctx, projectID, &crusoe.VMsApiListInstancesOpts{
		Names:     optional.NewString("stranger-1,stranger-2,stranger-3"),
		Locations: optional.NewString("us-southcentral1-a"),
		States:    optional.NewString("STATE_RUNNING,RUNNING"),
		Limit:     optional.NewString("2"),
		NextToken: optional.NewString(first.NextPageToken),
	})
	if got := len(first.Items) + len(report("ListInstances, second page", rest, response, err).Items); got != 3 {
		fmt.Fprintf(os.Stderr, "the pages hold %d VMs\n", got)
		os.Exit(1)
	}

	attached, response, err := api.VMsApi.UpdateInstanceAttachDisks(ctx, crusoe.InstancesAttachDiskPostRequestV1Alpha5{
		AttachDisks: []crusoe.DiskAttachment{{AttachmentType: "data", DiskId: diskID, Mode: "read-write"}},
	}, projectID, vmIDs[0])
	askedVM := report("UpdateInstanceAttachDisks", attached, response, err)
	await("UpdateInstanceAttachDisks", api.VMOperationsApi.GetComputeVMsInstancesOperation, projectID, askedVM.Operation)
	vm, response, err := api.VMsApi.GetInstance(ctx, projectID, vmIDs[0])
	report("GetInstance", vm, response, err)
	_, response, err = api.DisksApi.DeleteDisk(ctx, projectID, diskID)
	refused("DeleteDisk of one attached", http.StatusConflict, response, err)

	snapshot, response, err := api.SnapshotsApi.CreateDiskSnapshot(ctx, crusoe.DiskSnapshotPostRequestV1Alpha5{
		Name: "stranger-before", DiskId: diskID,
	}, projectID)
	askedSnapshot := report("CreateDiskSnapshot", snapshot, response, err)
	snapshotID := idOf(await("CreateDiskSnapshot", api.SnapshotOperationsApi.GetStorageSnapshotsOperation, projectID, askedSnapshot.Operation))
	renamed, response, err := api.SnapshotsApi.RenameDiskSnapshot(ctx, crusoe.DiskSnapshotPatchRequest{Name: "stranger-after"}, projectID, snapshotID)
	report("RenameDiskSnapshot", renamed, response, err)
	snapshots, response, err := api.SnapshotsApi.ListDiskSnapshots(ctx, projectID)
	report("ListDiskSnapshots", snapshots, response, err)

	act := func(name string, body crusoe.InstancesPatchRequestV1Alpha5, vmID string) {
		changed, response, err := api.VMsApi.UpdateInstance(ctx, body, projectID, vmID)
		asked := report(name, changed, response, err)
		await(name, api.VMOperationsApi.GetComputeVMsInstancesOperation, projectID, asked.Operation)
	}
	advance(7200)
	act("UpdateInstance STOP", crusoe.InstancesPatchRequestV1Alpha5{Action: "STOP"}, vmIDs[0])
	act("UpdateInstance START", crusoe.InstancesPatchRequestV1Alpha5{Action: "START"}, vmIDs[0])
	act("UpdateInstance RESET", crusoe.InstancesPatchRequestV1Alpha5{Action: "RESET"}, vmIDs[0])
	act("UpdateInstance STOP", crusoe.InstancesPatchRequestV1Alpha5{Action: "STOP"}, vmIDs[0])
	operations, response, err := api.VMOperationsApi.ListComputeVMsInstancesOperations(ctx, projectID,
		&crusoe.VMOperationsApiListComputeVMsInstancesOperationsOpts{
			ResourceId: optional.NewString(vmIDs[0]), State: optional.NewInterface([]string{"SUCCEEDED", "FAILED"}),
		})
	report("ListComputeVMsInstancesOperations", operations, response, err)

	detached, response, err := api.VMsApi.UpdateInstanceDetachDisks(ctx, crusoe.InstancesDetachDiskPostRequest{DetachDisks: []string{diskID}}, projectID, vmIDs[0])
	askedVM = report("UpdateInstanceDetachDisks", detached, response, err)
	await("UpdateInstanceDetachDisks", api.VMOperationsApi.GetComputeVMsInstancesOperation, projectID, askedVM.Operation)
	grown, response, err := api.DisksApi.ResizeDisk(ctx, crusoe.DisksPatchRequest{Size: "1TiB"}, projectID, diskID)
	askedDisk = report("ResizeDisk", grown, response, err)
	await("ResizeDisk", api.DiskOperationsApi.GetStorageDisksOperation, projectID, askedDisk.Operation)
	disks, response, err := api.DisksApi.ListDisks(ctx, projectID, &crusoe.DisksApiListDisksOpts{
		DiskIds: optional.NewInterface([]string{diskID, "00000000-0000-4000-8000-000000000000"}),
	})
	report("ListDisks", disks, response, err)

	for _, vmID := range vmIDs {
		gone, response, err := api.VMsApi.DeleteInstance(ctx, projectID, vmID)
		askedVM := report("DeleteInstance", gone, response, err)
		await("DeleteInstance", api.VMOperationsApi.GetComputeVMsInstancesOperation, projectID, askedVM.Operation)
	}
	goneSnapshot, response, err := api.SnapshotsApi.DeleteDiskSnapshot(ctx, projectID, snapshotID)
	askedSnapshot = report("DeleteDiskSnapshot", goneSnapshot, response, err)
	await("DeleteDiskSnapshot", api.SnapshotOperationsApi.GetStorageSnapshotsOperation, projectID, askedSnapshot.Operation)
	goneDisk, response, err := api.DisksApi.DeleteDisk(ctx, projectID, diskID)
	askedDisk = report("DeleteDisk", goneDisk, response, err)
	await("DeleteDisk", api.DiskOperationsApi.GetStorageDisksOperation, projectID, askedDisk.Operation)
	_, response, err = api.VMsApi.GetInstance(ctx, projectID, vmIDs[0])
	refused("GetInstance of one deleted", http.StatusNotFound, response, err)

	key, response, err := api.SSHKeysApi.CreateSSHKey(ctx, crusoe.CreateSshKeyRequest{Name: "Straße & Söhne, 100 %", PublicKey: publicKey})
	keyID := report("CreateSSHKey", key, response, err).SshKey.Id
	keys, response, err := api.SSHKeysApi.GetSSHKeys(ctx)
	report("GetSSHKeys", keys, response, err)
	response, err = api.SSHKeysApi.DeleteSSHKey(ctx, keyID)
	report[any]("DeleteSSHKey", nil, response, err)
	token, response, err := api.TokensApi.CreateToken(ctx, crusoe.CreateTokenRequest{
		Alias: "a stranger's, for a day", ExpiresAt: "2027-12-31T00:00:00Z",
	})
	generated := report("CreateToken", token, response, err)
	other := crusoe.NewConfiguration()
	other.BasePath = endpoint
	other.HTTPClient = &http.Client{Transport: auth.NewAuthenticatingTransport(nil, generated.Token.AccessKey, generated.Token.SecretKey)}
	entities, response, err = crusoe.NewAPIClient(other).EntitiesApi.GetOrganizations(ctx)
	report("GetOrganizations with the new token", entities, response, err)
	response, err = api.TokensApi.DeleteToken(ctx, generated.Token.AccessKey)
	report[any]("DeleteToken", nil, response, err)
	_, response, err = crusoe.NewAPIClient(other).EntitiesApi.GetOrganizations(ctx)
	refused("GetOrganizations with a token that is gone", http.StatusUnauthorized, response, err)

	options, response, err := api.UsageApi.GetUsageOptions(ctx, organizationID)
	values := report("GetUsageOptions", options, response, err)
	advance(2 * 86400)
	usage, response, err := api.UsageApi.GetUsage(ctx, organizationID, &crusoe.UsageApiGetUsageOpts{
		// One value each: the client runs several together where the reference says that they are repeated.
		Projects:      optional.NewInterface([]string{projectID}),
		ResourceTypes: optional.NewInterface([]string{"c1a.8x"}),
		Regions:       optional.NewInterface([]string{"us-southcentral1"}),
		StartDate:     optional.NewString("2026-11-01"), EndDate: optional.NewString("2026-11-30"),
	})
	if items := report("GetUsage", usage, response, err).Items; len(items) == 0 {
		fmt.Fprintln(os.Stderr, "nothing was metered")
		os.Exit(1)
	}
	response, err = api.UsageApi.GetUsageExport(ctx, organizationID, []string{projectID, values.Projects[0]},
		[]string{}, values.ResourceTypes, []string{"us-southcentral1", "us-northcentral1"}, "2026-11-01", "2026-11-30")
	report[any]("GetUsageExport", nil, response, err)
}
