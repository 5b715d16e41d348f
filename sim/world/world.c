#include "world/world.h"

void world_stop(struct world *world, enum world_status status)
{
    if (world->status == WORLD_RUNNING)
        world->status = status;
}

void world_fail(struct world *world, int error_number)
{
    if (world->status != WORLD_ERROR)
        world->error_number = error_number;
    world->status = WORLD_ERROR;
}

uint64_t world_new_content(struct world *world)
{
    return world->next_content++;
}
