//! The engine's numbers for things. Newtypes, so that a node is never taken for a replica.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The place in a dense table.
            #[inline]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(/** A node of the world. */ NodeId(u16));
id!(/** A replica of a node; the same number as its [`crate::telemetry::ResourceId`]. */ InstanceId(u16));
id!(/** An arrow of the world. */ ArrowId(u16));
id!(/** One caller replica's end of an arrow. */ LinkId(u32));
id!(/** What one node does for one request, compiled. */ RouteId(u32));
id!(/** One use of an arrow by a route or by users, compiled. */ CallId(u32));
id!(/** A family of data. */ DatumId(u16));
id!(/** A zone, of all nodes' zones. */ ZoneId(u16));
/// Something that happens in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u16);
