# The village loses its supply: one incident with its members, not eight cases
start 02:41
cabin 甲屋, owner O1
  room 甲房 on 1号箱 1号开关, 40 A
cabin 乙屋, owner O2
  room 乙房 on 1号箱 1号开关, 40 A
cabin 丙屋, owner O3
  room 丙房 on 1号箱 1号开关, 40 A
cabin 丁屋, owner O4
  room 丁房 on 1号箱 1号开关, 40 A
cabin 戊屋, owner O5
  room 戊房 on 1号箱 1号开关, 40 A
cabin 己屋, owner O6
  room 己房 on 1号箱 1号开关, 40 A
甲房 voltage every 10s: 225 x 30, 0 x 2
乙房 voltage every 10s: 225 x 30, 0 x 2
丙房 voltage every 10s: 225 x 30, 0 x 2
丁房 voltage every 10s: 225 x 30, 0 x 2
戊房 voltage every 10s: 225 x 30
己房 voltage every 10s: 225 x 200
expect by 9m      case opened, silence, incident
expect by 10m     notice sms to Bolat, "同时失联"
expect none       notice sms to O1, "失联"
expect none       notice sms to O2, "失联"
expect none after 10m30s  notice sms to Bolat, "设备异常"
